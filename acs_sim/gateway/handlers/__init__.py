"""The endpoints of the gateway."""
