"""The whole simulator in one process or several."""
