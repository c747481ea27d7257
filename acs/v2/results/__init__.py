"""RReq to RRes: the delivery of a result until it is acknowledged."""
