"""The interpreter of the tables: it names every violation of a message."""
