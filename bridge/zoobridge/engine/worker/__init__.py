"""What runs in a worker process: one loaded model, its scheduler, its batches and its sandbox."""
