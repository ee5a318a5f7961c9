"""The OpenAPI page, from this server alone: its script and style come with a package, not from the web."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

PATH = "/docs"
ASSETS = "/docs/assets"
STATIC = Path(fastapi_offline.__file__).parent / "static"


def install_docs(app: FastAPI, openapi_url: str) -> None:
    """Serve the page at /docs. It takes no key; what is tried from it asks for one."""
    page = bytes(
        get_swagger_ui_html(
            openapi_url=openapi_url,
            title="clarion API",
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS}/favicon.png",
        ).body
    ).decode()
    policy = (
        f"default-src 'none'; script-src 'self' {_hash_of_script(page)}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    )

    @app.get(PATH, include_in_schema=False)
    async def docs() -> HTMLResponse:
        """The page, with a policy that lets its one inline script run and no other."""
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    app.mount(ASSETS, StaticFiles(directory=STATIC), name="docs assets")


def _hash_of_script(page: str) -> str:
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script is not None
    return f"'sha256-{base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()}'"
