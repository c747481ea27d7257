"""What the issuer decides, and what it is called in EMV 3-D Secure. Pure."""
