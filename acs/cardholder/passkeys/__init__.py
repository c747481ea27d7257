"""Passkeys: what the bank keeps of a credential, what it asks a browser for, and what it makes of the answer. Pure.

The library `fido2` decodes CBOR and COSE and verifies signatures; the lists of checks are ours, because a payment that is
confirmed (`payment.get`) is one that no library of servers takes."""
