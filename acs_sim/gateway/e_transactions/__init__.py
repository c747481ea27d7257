"""The payment page in the manner of e-transactions (Paybox)."""
