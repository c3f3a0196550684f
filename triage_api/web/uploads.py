"""Forms with one file, taken in for as long as their request is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from triage_api import auth
from triage_api.errors import ForbiddenError
from triage_api.permissions import Permission
from triage_api.web.desk import Desk, Posted
from triage_api.web.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A form with at most one file, not yet checked to be ours: `posted` does that."""

    fields: list[tuple[str, str]]
    file: UploadFile | None

    def posted(self, desk: Desk) -> Posted:
        """The form, of somebody who manages. Raises ForbiddenError, CrossSiteError."""
        if not desk.may(Permission.MANAGE):
            raise ForbiddenError(_("Peran Anda tidak mencakup tindakan ini."))
        form = Posted(desk=desk, fields=self.fields)
        auth.check_same_site(desk.request, desk.deps.settings, desk.signed.session, form_token=form.get("csrf", 100))
        return form


async def _upload(request: Request) -> AsyncIterator[Upload]:
    async with request.form(max_files=1, max_fields=20) as form:
        fields = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
        file = next((one for _key, one in form.multi_items() if isinstance(one, UploadFile) and one.filename), None)
        yield Upload(fields=fields, file=file)


Uploaded = Annotated[Upload, Depends(_upload)]
