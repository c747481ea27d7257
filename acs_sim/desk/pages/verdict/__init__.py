"""What the gateway did wrong, and whether it is ready."""
