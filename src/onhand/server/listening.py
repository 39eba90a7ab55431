"""The listening socket: bound once, in the supervisor; the workers inherit it."""

import errno
import socket

from onhand.server.errors import ServeError

FIRST_PORT = 8000
PORTS_TRIED = 100
BACKLOG = 2048
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  told apart, not bound


def listen(host: str, port: int | None) -> socket.socket:
    """Bind and listen. port None: FIRST_PORT, or the next free one. Raises ServeError."""
    ports = range(FIRST_PORT, FIRST_PORT + PORTS_TRIED) if port is None else [port]
    for each in ports:
        try:
            return _bind(host, each)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            if error.errno == errno.EADDRINUSE:
                raise ServeError(f"Port {each} of {host} is in use; name another with --port or ONHAND_PORT.") from None
            raise ServeError(f"Cannot listen on {host}, port {each}: {error.strerror or error}.") from None
    raise ServeError(f"Ports {ports[0]} to {ports[-1]} of {host} are all in use; name one with --port or ONHAND_PORT.")


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def base_url(listener: socket.socket) -> str:
    """Where a caller on this machine reaches it."""
    host, port = listener.getsockname()[:2]
    host = ANYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
