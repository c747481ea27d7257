"""What the processes of one simulator agree upon."""
