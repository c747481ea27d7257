"""Faults carried out on what a party sends and answers."""
