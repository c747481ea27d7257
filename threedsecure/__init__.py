"""The 3-D Secure protocols as data and pure functions: no I/O, no clock, no randomness of their own."""
