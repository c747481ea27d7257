"""TLS without a socket."""

import ssl


def handshake(client, server, host="localhost"):
    """Both sides of a handshake over memory, to the end or to its first error."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_side=False, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    errors = []
    for _ in range(6):
        for side in list(sides):
            try:
                side.do_handshake()
                side.read(1)
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                continue
            except ssl.SSLError as error:
                errors.append(error)
                sides.remove(side)
    return errors
