"""Serving the page on this machine."""

import contextlib
import secrets
import socket

import uvicorn

from keras_gen.explorer.server import application

_PORTS = 20  # that are tried, from the first on
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(explorer, host="127.0.0.1", port=8765, on_ready=lambda address, port: None):
    """Serve the page of an `Explorer` until Ctrl-C.

    The address holds a random token, without which nothing is answered.

    Args:
        explorer: An `Explorer`.
        host: The address to listen at; others than loopback addresses are reached from other machines. Defaults to
            "127.0.0.1".
        port: The first port that is tried; the next ones follow. Defaults to 8765.
        on_ready: Called with the page's address and its port, when it is served.

    Raises:
        OSError: If none of the ports is free.
    """
    with contextlib.closing(bound(host, port)) as listener:
        port, token = listener.getsockname()[1], secrets.token_urlsafe(16)
        hosts = {f"{name}:{port}" for name in (*_LOOPBACK, "[::1]")} if host in _LOOPBACK else None
        app = application(explorer, token, hosts)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
        on_ready(f"http://{host}:{port}/{token}/", port)
        server.run(sockets=[listener])


def bound(host, port):
    """A socket that listens at a host, at the first free port from `port` on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in range(port, port + _PORTS):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
        except OSError as error:
            listener.close()
            if error.errno not in (98, 48):  # in use, on Linux and on macOS
                raise
        else:
            listener.listen(128)
            return listener
    raise OSError(f"No port is free at {host}. Expected: one of {port} to {port + _PORTS - 1}. Received: all in use")
