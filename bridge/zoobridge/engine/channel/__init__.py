"""What the server's process and a worker share: frames on pipes, shared memory, core tokens."""
