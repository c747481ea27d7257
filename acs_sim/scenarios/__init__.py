"""Scenario files: what a payment should meet, written down by whoever tests it, and played by `acs-sim run`."""
