"""AReq to ARes, between the 3DS Server and the ACS."""
