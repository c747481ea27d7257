"""EMV 3-D Secure 2.1.0, 2.2.0 and 2.3.1."""
