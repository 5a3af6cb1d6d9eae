"""The page's server: it answers the page alone, not other pages in the same browser."""

import secrets
import threading
from importlib import resources

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from keras_gen.explorer.answers import ANSWERS
from keras_gen.explorer.uploads import LARGEST_UPLOAD
from keras_gen.texts import on_one_line

_STATIC = {  # the files of the page, by name: no path of a request is ever opened
    "": "text/html",
    **{f"{name}.js": "text/javascript" for name in ("elements", "explorer", "latents", "page", "plane", "server")},
    "style.css": "text/css",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_USED_TWICE = "The address has been used by two. Expected: one browser. Start `keras-gen explore` again."


def application(explorer, token, hosts, ticket=None):
    """The web application of an `Explorer`.

    Args:
        explorer: An `Explorer`.
        token: The first part of all paths, which other programs and pages do not know.
        hosts: The values of the header `Host` that are answered, a set of strings such as "127.0.0.1:8000"; `None` for
            any.
        ticket: The path of the page to start a browser with, without the token, because other users of the machine can
            read it. It works once: whoever uses it again learns that another has, and nothing is answered any more.
            Defaults to `None`: there is none.

    Returns:
        An ASGI application.
    """
    lock = threading.Lock()  # a model computes one answer at a time

    def answered(answer, request, body):
        with lock:
            return answer.function(explorer, request, body)

    async def respond(request):
        name = request.path_params["name"]
        if name in _STATIC and request.method == "GET":
            return Response(_file(name or "index.html"), media_type=_STATIC[name])
        answer = ANSWERS.get(name)
        if answer is None:
            return _error(404, f"There is no such page. Expected: one of {', '.join(ANSWERS)}. Received: {name}")
        if request.method != answer.method:
            return _error(405, f"The method does not fit. Expected: {answer.method}. Received: {request.method}")
        try:
            body = await _body(request)
        except ClientDisconnect:
            return _error(400, "The upload has ended too early")
        if body is None:
            return _error(413, f"An upload is too large. Expected: at most {LARGEST_UPLOAD // 2**20} MB")
        try:
            found = await run_in_threadpool(answered, answer, dict(request.query_params), body)
            return JSONResponse(found) if isinstance(found, dict) else Response(found, media_type=answer.media_type)
        except ValueError as error:  # of what the request holds
            return _error(400, on_one_line(error))
        except Exception as error:  # a model may raise any error; the page quotes it, and goes on
            return _error(500, f"The model has failed: {type(error).__name__}: {on_one_line(error)}")

    app = Starlette(routes=[Route("/{token}/{name:path}", respond, methods=["GET", "POST"])])
    return _Guard(app, token, hosts, ticket)


class _Guard:
    """Refuses requests from elsewhere, before anything else sees them, and adds the headers to all answers."""

    def __init__(self, app, token, hosts, ticket):
        self._app, self._token, self._hosts, self._ticket = app, token, hosts, ticket
        self._is_ticket_used = False

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return

        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._answer(scope)(scope, receive, send_with_headers)

    def _answer(self, scope):
        if self._token is None:
            return PlainTextResponse(_USED_TWICE, 403)
        if self._may(scope, self._token):
            return self._app
        is_ticket = self._ticket is not None and self._may(scope, self._ticket)
        if not is_ticket or scope["method"] != "GET" or scope["path"] != f"/{self._ticket}/":
            return PlainTextResponse("Forbidden", 403)
        if self._is_ticket_used:
            self._token = None
            return PlainTextResponse(_USED_TWICE, 403)
        self._is_ticket_used = True
        return RedirectResponse(f"/{self._token}/", 303)

    def _may(self, scope, secret):
        found = {name: [] for name in ("host", "origin", "sec-fetch-site")}
        for name, value in scope["headers"]:
            found.get(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        hosts, origins, sites = found.values()
        known = len(hosts) == 1 and (self._hosts is None or hosts[0] in self._hosts)
        own = set(sites) <= {"none", "same-origin"} and set(origins) <= {f"http://{host}" for host in hosts}
        first = (*scope["path"].split("/"), "")[1]
        return known and own and secrets.compare_digest(first.encode(), secret.encode())


async def _body(request):
    """The body of a request, or `None` if it is too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_UPLOAD:
            return None
        parts.append(part)
    return b"".join(parts)


def _error(status, message):
    return JSONResponse({"error": message}, status)


def _file(name):
    return (resources.files("keras_gen.explorer") / "static" / name).read_bytes()
