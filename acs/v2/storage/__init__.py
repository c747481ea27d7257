"""The rows of the ACS."""
