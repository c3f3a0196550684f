"""The OpenAPI document: FastAPI's, with the shape of errors and the two ways to sign in."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from triage_api.permissions import Permission, needed
from triage_api.schemas import ProblemAnswer


def install(app: FastAPI, *, cookie_name: str) -> None:
    """Have the app describe itself like this, once."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            _complete(document, cookie_name)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way to change the document


def _complete(document: dict[str, Any], cookie_name: str) -> None:
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {})["ProblemAnswer"] = ProblemAnswer.model_json_schema()
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": cookie_name},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if needed(method.upper(), path) is not Permission.OPEN:
                operation["security"] = [{"token": []}, {"session": []}]
