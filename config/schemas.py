"""JSON Schemas of the operator's files, for editors that complete and check: `python -m config.schemas` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from config.files import PolicyFile, SourcesFile
from config.settings import PREFIX, Settings

FOLDER = Path(__file__).with_name("schemas")


def schemas() -> dict[str, str]:
    """File name → text of each schema, as it should stand in the folder."""
    settings = _schema(Settings)
    # The settings are variables: their schema names what is written in `.env` or the environment.
    settings["properties"] = {f"{PREFIX}{key}".upper(): value for key, value in settings["properties"].items()}
    documents = {"policy": _schema(PolicyFile), "sources": _schema(SourcesFile), "settings": settings}
    return {
        f"{name}.schema.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in documents.items()
    }


def main() -> None:
    """Write every schema."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in schemas().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | model.model_json_schema()


if __name__ == "__main__":
    main()
