"""What a table of elements and messages is written in: formats, conditions, versions and legs."""
