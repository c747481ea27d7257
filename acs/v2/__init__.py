"""The issuer in EMV 3-D Secure: AReq, challenge, results."""
