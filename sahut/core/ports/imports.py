"""What the core asks of files on their way in: where they wait, and who can say what they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from sahut.core.model import Source
from sahut.core.model.imports import FileImport, ImportClaim, ImportDraft, ImportState
from sahut.core.ports.outside import Collector


class Layout(Protocol):
    """What a file is taken for: field → column, the columns that are not read, and about how many rows it has."""

    @property
    def form(self) -> str: ...
    @property
    def taken(self) -> Mapping[str, str]: ...
    @property
    def left(self) -> Sequence[str]: ...
    @property
    def rows(self) -> int | None: ...


@runtime_checkable
class FileReader(Collector, Protocol):
    """A collector of files that can say what one is before it is read."""

    def layout(self, source: Source) -> Layout:
        """What the file of ``source`` is taken for. Raises SettingsError, TransientError, PermanentError."""
        ...

    def columns(self, source: Source) -> list[str]:
        """The cells of its widest first row: what its columns may be called. Raises as `layout` does."""
        ...


class Imports(Protocol):
    """Files on their way in, with their bytes, sealed."""

    def add(self, draft: ImportDraft, parts: Iterable[bytes], *, by: str, now: datetime) -> FileImport:
        """Keep a file, to be looked through at once."""
        ...

    def get(self, import_id: int) -> FileImport:
        """Raises NotFoundError."""
        ...

    def recent(self, limit: int) -> list[FileImport]:
        """The latest first."""
        ...

    def ask(
        self, import_id: int, state: ImportState, draft: ImportDraft, *, version: int | None, now: datetime
    ) -> FileImport:
        """Have it looked through anew, or read in, as ``draft`` says.

        Raises NotFoundError, StaleWriteError, RefusedError(rule="import_busy") while a worker is at it and
        RefusedError(rule="import_over") once its bytes are gone.
        """
        ...

    def waiting(self, now: datetime) -> bool:
        """Whether there is a file for a worker."""
        ...

    def claim(self, *, now: datetime, until: datetime) -> ImportClaim | None:
        """The one that waits longest, or that its worker lost; None where none waits."""
        ...

    def parts(self, import_id: int) -> Iterator[bytes]:
        """Its bytes, in order."""
        ...

    def progress(self, claim: ImportClaim, done: int, rows: int | None, *, until: datetime) -> bool:
        """How far it is, and for how long the worker still holds it; False where somebody else does by now.

        Further than anybody came before is progress: workers that were lost over it before that count no more.
        """
        ...

    def let_go(self, claim: ImportClaim, *, until: datetime) -> bool:
        """Leave it to whoever claims it after ``until``, with no worker lost over it; False where it is another's."""
        ...

    def finish(
        self,
        claim: ImportClaim,
        state: ImportState,
        *,
        found: Mapping[str, Any],
        error: str = "",
        problem: str = "",
        source_id: int | None = None,
        now: datetime,
    ) -> bool:
        """Write how it ended, and let go of it; a file that is in loses its bytes. False where it is another's."""
        ...

    def remove(self, import_id: int) -> None:
        """Forget it and its bytes; what was read in stays. Raises NotFoundError, RefusedError(rule="import_busy")."""
        ...
