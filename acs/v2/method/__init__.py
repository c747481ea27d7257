"""The 3DS Method: its page, what it saw, and that it was called."""
