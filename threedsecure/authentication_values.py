"""The proof of authentication (CAVV, AAV, AEVV) per scheme, under published test keys."""
