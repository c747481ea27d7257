"""The endpoints of the ACS: decode, load, decide, save, act, encode."""
