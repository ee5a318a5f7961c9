"""The public end of unsubscribe links (RFC 8058). Getting one shows a button; only posting acts.

Mail scanners follow every link of a mail. What they see here is a page, and nobody is unsubscribed by it.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.refusals import NotFound
from clarion.app.unsubscribe import Deliver, unsubscribe
from clarion.wire.unsubscribe import LONGEST_BODY, ONE_CLICK, PATH, UnsubscribeTokens, is_one_click

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 28rem; margin: 20vh auto; padding: 0 1rem }}
button {{ font: inherit; padding: .6rem 1.2rem; cursor: pointer }}
</style>
<h1>{title}</h1>
{body}
</html>
"""
ASK = PAGE.format(
    title="Stop these e-mails?",
    body=f"""<form method="post">
<input type="hidden" name="{ONE_CLICK[0]}" value="{ONE_CLICK[1]}">
<p>You will get no more e-mail from this sender.</p>
<p><button>Unsubscribe</button></p>
</form>""",
)
DONE = PAGE.format(title="You are unsubscribed", body="<p>You will get no more e-mail from this sender.</p>")
UNKNOWN = PAGE.format(title="This link is not known", body="<p>It may have been cut off. Please copy all of it.</p>")
NOT_ASKED = PAGE.format(title="Nothing was done", body="<p>This was not a request to unsubscribe.</p>")


def unsubscribe_router(ledger: Ledger, clock: Clock, tokens: UnsubscribeTokens, deliver: Deliver) -> APIRouter:
    """Routes for `/u/{token}`. They take no key: the token is the permission. `deliver` takes the reports."""
    router = APIRouter(include_in_schema=False)

    @router.api_route(PATH + "{token}", methods=["GET", "HEAD"])
    async def show(token: str) -> Response:
        """The page with the button. It changes nothing."""
        return _page(404, UNKNOWN) if tokens.read(token) is None else _page(200, ASK)

    @router.post(PATH + "{token}")
    async def act(token: str, request: Request) -> Response:
        """Unsubscribe, if the body asks for it. Answers with a page and never with a redirect."""
        body = await _small_body(request)
        if body is None:
            return _page(413, NOT_ASKED)
        if not is_one_click(request.headers.get("content-type", ""), body):
            return _page(400, NOT_ASKED)
        try:
            await unsubscribe(ledger, clock, tokens, deliver, token)
        except NotFound:
            return _page(404, UNKNOWN)
        return _page(200, DONE)

    return router


async def _small_body(request: Request) -> bytes | None:
    """The body, or None as soon as it is longer than a one-click post may be."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            return None
    return bytes(body)


def _page(status: int, html: str) -> Response:
    return HTMLResponse(html, status, HEADERS)
