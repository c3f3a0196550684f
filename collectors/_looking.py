"""A second look at many posts, in parts: a limit on the way loses neither what was found nor whose turn it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sahut.core.errors import TransientError


class Looking:
    """``left`` are those that were not got to, ``stopped`` says why: None where all were."""

    def __init__(self) -> None:
        self.left: list[str] = []
        self.stopped: TransientError | None = None
        self._got = False

    def at(self, ids: Sequence[str], many: int, look: Callable[[Sequence[str]], None]) -> None:
        """Look at ``ids``, ``many`` at a time, until a part fails; that and the rest are left.

        Raises TransientError where nothing had been found out before.
        """
        for start in range(0, len(ids), many):
            part = ids[start : start + many]
            if self.stopped is None:
                try:
                    look(part)
                except TransientError as error:
                    if not self._got:
                        raise
                    self.stopped = error
                else:
                    self._got = True
                    continue
            self.left += part
