"""The phone: the network that carries the issuer's texts, and the handset that shows them."""
