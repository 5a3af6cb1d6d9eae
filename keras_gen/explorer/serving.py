"""Serving the page on this machine."""

import contextlib
import errno
import ipaddress
import secrets
import socket

import uvicorn

from keras_gen.explorer.server import application

_PORTS = 20  # that are tried, from the first on
_LAST_PORT = 65535


def serve(explorer, host="127.0.0.1", port=8765, on_ready=lambda address, port, once: None):
    """Serve the page of an `Explorer` until Ctrl-C.

    The address holds a random token, without which nothing is answered.

    Args:
        explorer: An `Explorer`.
        host: The address to listen at; others than loopback addresses are reached from other machines. Defaults to
            "127.0.0.1".
        port: The first port that is tried; the next ones follow. Defaults to 8765.
        on_ready: Called with the page's address, its port, and an address that leads to the page once, when the port is
            open.

    Raises:
        OSError: If none of the ports is free.
        ValueError: If the host is no address of this machine.
    """
    with contextlib.closing(bound(host, port)) as listener:
        port, token, ticket = listener.getsockname()[1], secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        app = application(explorer, token, hosts_of(host, port), ticket)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
        name = socket.gethostname() if _is_wildcard(host) else _in_address(host)
        site = f"http://{name}:{port}"
        on_ready(f"{site}/{token}/", port, f"{site}/{ticket}/")
        server.run(sockets=[listener])


def hosts_of(host, port):
    """The values of the header `Host` that a page is asked by; `None`, any, if it listens at all addresses.

    Example:

    >>> sorted(hosts_of("127.0.0.1", 8765))
    ['127.0.0.1:8765', '[::1]:8765', 'localhost:8765']
    """
    if _is_wildcard(host):
        return None
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    names = {_in_address(host), *(("127.0.0.1", "localhost", "[::1]") if is_loopback else ())}
    return {f"{name}:{port}" for name in names} | (names if port == 80 else set())


def bound(host, port):
    """A socket that listens at a host, at the first free port from `port` on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last = min(port + _PORTS - 1, _LAST_PORT)
    for number in range(port, last + 1):
        # Named as TCP, or asyncio leaves Nagle's algorithm on, which holds each answer back for 40 ms
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            listener.listen(128)
        except OSError as error:
            listener.close()
            if error.errno in (errno.EACCES, errno.EPERM):
                raise OSError(f"A port needs other rights. Expected: one from 1024 on. Received: {number}") from None
            if error.errno != errno.EADDRINUSE:
                raise ValueError(
                    f"`host` must be an address of this machine. Expected: such as 127.0.0.1. Received: {host}"
                ) from None
        else:
            return listener
    raise OSError(f"No port is free at {host}. Expected: one of {port} to {last}. Received: all in use")


def _is_wildcard(host):
    return host in ("0.0.0.0", "::")


def _in_address(host):
    return f"[{host}]" if ":" in host else host
