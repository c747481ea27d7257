"""The signature of a PARes: made, broken on demand, verified."""
