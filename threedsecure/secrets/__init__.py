"""What must not be read by others: sealing, keyed hashes, and what a text shows."""
