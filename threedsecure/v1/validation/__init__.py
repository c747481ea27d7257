"""Holding messages of 3-D Secure 1.0.2 against the tables."""
