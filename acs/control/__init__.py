"""What the desk asks of the ACS."""
