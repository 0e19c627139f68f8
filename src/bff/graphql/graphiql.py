"""GraphiQL, for development: its assets are shipped beside this file, so that it works without the Internet."""

from functools import cache
from pathlib import Path
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse

_FOLDER: Final = Path(__file__).parent / "static" / "graphiql"
#: What may be asked for; nothing else in the folder is ever opened.
_TYPES: Final = {
    "graphiql.min.css": "text/css; charset=utf-8",
    "graphiql.min.js": "text/javascript; charset=utf-8",
    "react.production.min.js": "text/javascript; charset=utf-8",
    "react-dom.production.min.js": "text/javascript; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
}
#: Nothing from elsewhere. Inline styles are CodeMirror's and the toolkit's own; there is no inline script.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphiQL · order-management</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/graphiql/graphiql.min.css">
<style>html, body, #graphiql { height: 100%; margin: 0 }</style>
</head>
<body>
<div id="graphiql">Loading…</div>
<script src="/graphiql/react.production.min.js"></script>
<script src="/graphiql/react-dom.production.min.js"></script>
<script src="/graphiql/graphiql.min.js"></script>
<script src="/graphiql/start.js"></script>
</body>
</html>
"""


def page() -> HttpResponse:
    """The page. It asks for a token in its headers editor; nothing of the request is written into it."""
    return HttpResponse(
        _PAGE,
        content_type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept",
        },
    )


@cache
def _content(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


def asset(request: HttpRequest, name: str) -> HttpResponse:
    """The view of `/graphiql/<name>`."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    kind = _TYPES.get(name)
    if kind is None:
        raise Http404
    return HttpResponse(
        _content(name),
        content_type=kind,
        headers={"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"},
    )
