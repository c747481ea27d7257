"""The two shops."""
