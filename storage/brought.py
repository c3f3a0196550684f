"""Files that people brought and that are not in yet: searched for a person as the bytes they are, and let go of.

Nothing here opens a file as what it says it is: bytes are read as text, and of a workbook, which is a ZIP archive, no
more than so many are unpacked. It is enough to know whether a name stands in it.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from sqlalchemy import Connection, delete, select, update

from sahut.core.model import Person
from storage.import_tables import file_import, file_import_part
from storage.imports import SqlImports

# Of a workbook, unpacked: a file of 20 MiB that is none may unpack into a thousand times as much.
_MOST_UNPACKED = 400 * 1024 * 1024
_BLOCK = 4 * 1024 * 1024
_OVERLAP = 2_000
# A shorter name that fills a cell may be a word of the language as well.
_SHORTEST_CELL = 4
_FILES = "file"


def naming(connection: Connection, who: Person) -> list[int]:
    """Ids of the files on their way in, and of what was told of those that are, in which a person stands."""
    pattern = _pattern(who)
    found = []
    imports = SqlImports(connection)
    for row in connection.execute(select(file_import.c.id, file_import.c.found, file_import.c.error)).all():
        told = f"{row.found or ''}\n{row.error}"
        data = b"".join(imports.parts(row.id))
        if pattern.search(told) or any(map(pattern.search, _texts(data))):
            found.append(row.id)
    return found


def forget(connection: Connection, import_ids: list[int]) -> None:
    """Let go of files, even of one that a worker has in hand: it finds that it is not its own any more."""
    whole = select(file_import_part.c.import_id).where(file_import_part.c.import_id.in_(import_ids)).distinct()
    dropped = list(connection.execute(whole).scalars())
    connection.execute(delete(file_import_part).where(file_import_part.c.import_id.in_(dropped)))
    connection.execute(delete(file_import).where(file_import.c.id.in_(dropped)))
    connection.execute(
        update(file_import)
        .where(file_import.c.id.in_(import_ids))
        .values(found={}, error="", version=file_import.c.version + 1)
    )


def _pattern(who: Person) -> re.Pattern[str]:
    """A handle with its @, or filling a cell: between what parts cells in CSV, JSON and a workbook; or a link."""
    ways = []
    if who.handle:
        handle = re.escape(who.handle.removeprefix("@"))
        ways.append(rf"(?<![\w.])@{handle}(?!\w)")
        if who.platform == _FILES or len(who.handle) >= _SHORTEST_CELL:
            ways.append(rf"(?:^|[,;\t|\"'>\r\n])[ ]*{handle}[ ]*(?:$|[,;\t|\"'<\r\n])")
    if who.link:
        ways.append(rf"{re.escape(who.link)}(?![\w/?&=-])")
    return re.compile("|".join(ways), re.IGNORECASE)


def _texts(data: bytes) -> Iterator[str]:
    if not data.startswith(b"PK"):
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        yield data.decode("utf-16" if wide else "utf-8", "replace")
        return
    left = _MOST_UNPACKED
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            for member in packed.infolist():
                with packed.open(member) as stream:
                    before = ""
                    while left > 0 and (block := stream.read(min(_BLOCK, left))):
                        left -= len(block)
                        text = before + block.decode("utf-8", "replace")
                        yield text
                        before = text[-_OVERLAP:]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error):
        # Neither can whoever reads it in; it goes a day after it came.
        return
