"""The gRPC server: servicers, interceptors, configuration, health, metrics."""
