"""Message files held against the specification, offline."""
