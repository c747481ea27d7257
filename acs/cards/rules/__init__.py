"""Matching rules at the ACS: what is answered otherwise than a card says, and why nothing was."""
