"""One transaction: what is shown of it, done with it and taken away from it."""
