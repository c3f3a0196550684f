"""Bluesky's lexicons as JSON Schemas, so that what goes to and fro can be held against them."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import grapheme
from jsonschema import Draft202012Validator, FormatChecker

from tests.collectors.platform_server import Reply, Request

_FORMATS = {
    "at-uri": r"at://(did:[a-z]+:[A-Za-z0-9._:%-]+|[a-zA-Z0-9.-]+)(/[a-zA-Z0-9.-]+(/[A-Za-z0-9._~:-]+)?)?",
    "did": r"did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]",
    "handle": r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?",
    "nsid": r"[a-zA-Z]([a-zA-Z0-9-]*)(\.[a-zA-Z]([a-zA-Z0-9-]*))+\.[a-zA-Z][a-zA-Z0-9]*",
    "cid": r"b[a-z2-7]{58}",
    "record-key": r"[A-Za-z0-9._~:-]{1,512}",
    "tid": r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}",
    "datetime": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})",
    "language": r"[A-Za-z]{2,3}(-[A-Za-z0-9]+)*",
    "uri": r"[a-z][a-z0-9+.-]*:\S+",
}
_FORMATS["at-identifier"] = f"({_FORMATS['did']})|({_FORMATS['handle']})"


def _checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, pattern in _FORMATS.items():
        checker.checks(name)(
            lambda value, pattern=pattern: not isinstance(value, str) or bool(re.fullmatch(pattern, value))
        )
    return checker


class Lexicons:
    """Those in ``folder``. ``check`` raises AssertionError with all that does not fit."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._definitions: dict[str, Any] = {}

    def check(self, request: Request, reply: Reply) -> None:
        """Question or order, and the answer to it."""
        nsid = request.path.removeprefix("/xrpc/")
        main = self._file(nsid)["defs"]["main"]
        if main["type"] == "query":
            asked = parse_qs(request.target.partition("?")[2])
            self._hold(nsid, main.get("parameters", {"type": "params", "properties": {}}), _typed(main, asked))
        elif "input" in main:
            self._hold(nsid, main["input"]["schema"], request.json)
            if nsid == "com.atproto.repo.createRecord":
                self.record(request.json["collection"], request.json["rkey"], request.json["record"])
        if reply.status == 200 and "output" in main:
            self._hold(nsid, main["output"]["schema"], reply.json)

    def record(self, collection: str, key: str, record: Any) -> None:
        """A record to be written, and its key."""
        main = self._file(collection)["defs"]["main"]
        self._hold(collection, main["record"], record)
        if main["key"] == "tid":
            assert re.fullmatch(_FORMATS["tid"], key), f"{key} is no timestamp"
        assert record["$type"] == collection
        limit = main["record"]["properties"]["text"]
        assert grapheme.length(record["text"]) <= limit["maxGraphemes"]
        assert len(record["text"].encode()) <= limit["maxLength"]

    def _hold(self, nsid: str, definition: Any, value: Any) -> None:
        schema = self._schema(nsid, definition)
        whole = {**schema, "$defs": self._definitions}
        errors = Draft202012Validator(whole, format_checker=_checker()).iter_errors(value)
        faults = [f"{nsid}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in errors]
        assert not faults, "\n".join(faults)

    @cache  # noqa: B019 - as long as the test
    def _file(self, nsid: str) -> Any:
        return json.loads((self._folder / f"{nsid}.json").read_text(encoding="utf-8"))

    def _ref(self, nsid: str, ref: str) -> dict[str, Any]:
        home, _, name = ref.partition("#")
        home, name = home or nsid, name or "main"
        key = f"{home}.{name}"
        if key not in self._definitions:
            self._definitions[key] = {}  # for definitions that lead back to themselves
            self._definitions[key] = self._schema(home, self._file(home)["defs"][name])
        return {"$ref": f"#/$defs/{key}"}

    def _schema(self, nsid: str, one: Any) -> dict[str, Any]:
        kind = one["type"]
        if kind in {"object", "params"}:
            properties = {key: self._schema(nsid, value) for key, value in one.get("properties", {}).items()}
            for key in one.get("nullable", ()):
                properties[key] = {"anyOf": [properties[key], {"type": "null"}]}
            closed = {"additionalProperties": False} if kind == "params" else {}
            return {"type": "object", "properties": properties, "required": one.get("required", []), **closed}
        if kind == "array":
            bounds = {"maxItems": one["maxLength"]} if "maxLength" in one else {}
            return {"type": "array", "items": self._schema(nsid, one["items"]), **bounds}
        if kind == "ref":
            return self._ref(nsid, one["ref"])
        if kind == "union":
            return self._union(nsid, one)
        if kind in {"string", "token"}:
            known = {"format": one["format"]} if one.get("format") in _FORMATS else {}
            return {"type": "string", **known, **({"enum": one["enum"]} if "enum" in one else {})}
        if kind in {"integer", "boolean"}:
            names = {"minimum": "minimum", "maximum": "maximum"}
            return {"type": kind, **{name: one[key] for key, name in names.items() if key in one}}
        if kind == "record":
            return self._schema(nsid, one["record"])
        return {}

    def _union(self, nsid: str, one: Any) -> dict[str, Any]:
        """Each kind holds where ``$type`` names it; an open union takes kinds that it does not know."""
        rules = []
        for ref in one["refs"]:
            home, _, name = ref.partition("#")
            full = f"{home or nsid}#{name}" if name and name != "main" else home or nsid
            named = {"properties": {"$type": {"const": full}}, "required": ["$type"]}
            rules.append({"if": named, "then": self._ref(nsid, ref)})
        return {"type": "object", "required": ["$type"], "allOf": rules}


def _typed(main: Any, asked: dict[str, list[str]]) -> dict[str, Any]:
    """A query string has texts only."""
    properties = main.get("parameters", {}).get("properties", {})
    typed: dict[str, Any] = {}
    for key, values in asked.items():
        kind = properties.get(key, {}).get("type", "string")
        last = values[-1]
        typed[key] = {
            "array": values,
            "integer": int(last) if last.isdecimal() else last,
            "boolean": last == "true",
        }.get(kind, last)
    return typed
