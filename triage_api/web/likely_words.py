"""Why two things are thought to belong together, in words."""

from __future__ import annotations

from sahut.core.model import Alike, Nearness
from triage_api.web import formats
from triage_api.web.words import _

# Any two posts share some words.
_WORTH_SAYING = 0.1


def reasons(alike: Alike) -> str:
    """As "Tempat sama, topik sama, 86 % mirip"; in lower case but for its beginning."""
    said = []
    if alike.place is not None:
        said.append(_("tempat sama") if alike.place is Nearness.SAME else _("kota atau kabupaten sama"))
    if alike.topic:
        said.append(_("topik sama"))
    if alike.likeness >= _WORTH_SAYING:
        said.append(_("%s mirip") % formats.percent(alike.likeness))
    text = ", ".join(said)
    return text[:1].upper() + text[1:]
