"""The ``zoobridge`` command."""
