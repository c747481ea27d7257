"""Calls to other parties: within the process or over a socket, bounded for each peer."""
