"""The issuer: the access control server."""
