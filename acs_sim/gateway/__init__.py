"""The reference gateway: a small real EMV 3DS 3DS Server with two hosted payment pages, and the two shops that use them."""
