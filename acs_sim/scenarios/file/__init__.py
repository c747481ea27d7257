"""Scenario files: read, completed, checked."""
