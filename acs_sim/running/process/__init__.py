"""What a process sets up for itself."""
