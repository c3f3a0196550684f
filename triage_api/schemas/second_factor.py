"""The second factor of one's own account."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from triage_api.fields import Answer, Body
from triage_api.schemas._example import example


class SecondFactorAnswer(Answer):
    """Whether it is asked for; ``required``: the policy wants it of the account's role."""

    on: bool
    required: bool
    recovery_codes_left: int


class SetupAnswer(Answer):
    """What the app that makes the codes is told: ``secret``, or ``uri`` as a QR code. Shown in this answer alone."""

    secret: str
    uri: str


class ProofBody(Body):
    """The account's password ("" where it has none), and a code: of the app, or a recovery code where it is on."""

    model_config = ConfigDict(json_schema_extra=example({"password": "jalan mulus 2026", "code": "123456"}))

    password: Annotated[str, StringConstraints(max_length=1_000)] = ""
    code: Annotated[str, Field(min_length=1, max_length=100)]


class RecoveryCodesAnswer(Answer):
    """Each signs in once in place of a code of the app. Shown in this answer alone."""

    recovery_codes: list[str]
