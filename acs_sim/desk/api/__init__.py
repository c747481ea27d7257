"""The calls of the control API, and their description."""
