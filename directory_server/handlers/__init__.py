"""What the directory server does with each message: decode, load, decide, save, act, encode."""
