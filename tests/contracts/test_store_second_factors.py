"""Second factors on every store: sealed with the installation's key, and sealed anew when it changes."""

import pytest

from sahut.core.errors import StoreError
from sahut.core.model import Role
from sahut.core.ports import Store
from storage.store import open_store
from tests.builders import NOW
from tests.conftest import KEY


def test_a_second_factor_outlives_a_change_of_the_key(store: Store, database_url: str) -> None:
    with store.begin() as tx:
        user = tx.accounts.add_user(
            username="sari", name="Sari", role=Role.TRIAGE, password_hash="!", must_change=False, now=NOW
        )
        tx.second_factors.begin(user.id, "RAHASIA", NOW)
    other = "b" * 43 + "="
    closed = open_store(database_url, keys=[other])
    with pytest.raises(StoreError), closed.read() as tx:
        tx.second_factors.of(user.id)
    closed.close()
    turned = open_store(database_url, keys=[other, KEY])
    with turned.begin() as tx:
        assert tx.second_factors.reseal() == 1
    turned.close()
    alone = open_store(database_url, keys=[other])
    with alone.read() as tx:
        found = tx.second_factors.of(user.id)
    alone.close()
    assert found is not None
    assert (found.secret, found.confirmed) == ("RAHASIA", False)
