"""Asking the cardholder: the steps of a challenge, codes, methods, pages, texts and the phone. No protocol."""
