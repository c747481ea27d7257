"""The payment page in the manner of Monetico."""
