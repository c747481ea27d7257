"""The documents of the project, to be read at the desk or as a site."""
