"""The log of the front page."""
