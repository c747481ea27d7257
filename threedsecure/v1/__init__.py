"""3-D Secure 1.0.2 and 1.0.1: message tables and their interpreter, XML, the browser's envelope, and the signature on a PARes.

A message is a mapping: `messageType`, `messageId` (the id of its Message element), then its elements under their own names,
nested as in the XML; an element that may be repeated is a list. What `codec.decode` gives has been read, not checked;
`checking.check` holds it against the tables.
"""
