"""RReq to RRes, between the ACS and the 3DS Server."""
