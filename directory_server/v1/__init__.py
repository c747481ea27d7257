"""The directory server of 3-D Secure 1.0.2."""
