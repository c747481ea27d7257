"""The issuer in 3-D Secure 1.0.2: enrolment, the same challenge as in EMV 3DS, and the signed PARes that tells how it ended."""
