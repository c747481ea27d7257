"""The merchant plug-in of 3-D Secure 1.0.2."""
