"""What the gateway remembers: purchases, orders, card ranges."""
