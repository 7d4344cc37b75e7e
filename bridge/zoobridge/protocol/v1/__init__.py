"""Messages and stubs of the package ``zoobridge.v1``, generated from ``proto/zoobridge/v1``."""
