"""What the directory server remembers of a transaction."""
