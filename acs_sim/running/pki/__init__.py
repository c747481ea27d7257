"""The simulator's own certificate authority for TLS: who it vouches for, where its key is kept, and what connections make of it.

The keys that sign a PARes are the issuer's business and live in `acs.v1`."""
