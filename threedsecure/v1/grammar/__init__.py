"""What the messages of 3-D Secure 1.0.2 are made of."""
