"""Payments drawn from a seed: misbehaviour, people and time that nobody wrote down, judged, and shrunk when they convict."""
