"""Schemes, card numbers, currencies, the grammar of the test cards, and the values that prove an authentication."""
