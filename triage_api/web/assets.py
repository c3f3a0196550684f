"""Static files under names that carry their content's hash, so that a browser may keep them for a year."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

router = APIRouter(prefix="/static", include_in_schema=False)

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file, read and packed once."""

    hashed_name: str
    media_type: str
    body: bytes
    packed: bytes


@cache
def assets() -> dict[str, Asset]:
    """Every shipped file by its plain name."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:12]
            name = f"{path.name.removesuffix(path.suffix)}.{digest}{path.suffix}"
            found[path.name] = Asset(name, _TYPES[path.suffix], body, gzip.compress(body, 9, mtime=0))
    return found


def asset_url(name: str) -> str:
    """Where a page finds the file. Raises KeyError for one that is not shipped."""
    return f"/static/{assets()[name].hashed_name}"


@router.get("/{hashed_name}")
def asset(hashed_name: str, request: Request) -> Response:
    """Serve a file by its hashed name, and by nothing else: names are looked up, never joined to a path."""
    found = next((one for one in assets().values() if one.hashed_name == hashed_name), None)
    if found is None:
        return Response(status_code=404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(found.body, media_type=found.media_type, headers=headers)
