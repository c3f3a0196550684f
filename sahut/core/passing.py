"""What a store that stands before another one passes through."""

from __future__ import annotations

from sahut.core.ports import Store


class PassingStore:
    """All of a `Store` but its transactions, which are what such a store is for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ping(self) -> None:
        """As the store's."""
        self._store.ping()

    def sweep(self) -> bool:
        """As the store's."""
        return self._store.sweep()

    def close(self) -> None:
        """As the store's."""
        self._store.close()
