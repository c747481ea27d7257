"""The scheme: the directory server of every card scheme."""
