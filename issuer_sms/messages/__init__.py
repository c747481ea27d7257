"""Text messages: what they are, how they are encoded and delivered, and the codes in them."""
