"""Running models: workers, batching, scheduling."""
