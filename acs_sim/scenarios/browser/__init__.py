"""Browsers that a scenario plays with."""
