"""Transactions as the desk tells them, and the cardholder who acts in them."""
