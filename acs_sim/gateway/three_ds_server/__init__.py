"""The 3DS Server of the gateway."""
