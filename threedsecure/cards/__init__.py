"""Schemes, card numbers, the grammar of the test cards, and the values that prove an authentication."""
