"""Many events at once: batches, jobs, and keys of idempotent requests."""
