"""The drivers: they own the event loop, the storage and the clock, and carry out what the pure core decides."""
