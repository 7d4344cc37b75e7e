"""What developers of backends and clients test with."""
