"""What the issuer knows of a card: what it was told, its status across purchases, and the matching rules over it. No protocol."""
