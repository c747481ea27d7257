"""CReq to CRes: the browser's challenge."""
