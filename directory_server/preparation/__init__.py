"""PReq to PRes: the card ranges, as they are told."""
