"""The parts of `packtrace.Client`: connection, batches, receipts, errors."""
