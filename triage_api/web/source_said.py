"""What somebody filled in about a source: read from a form, checked against what its platform asks, shown again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

from sahut.core import forms
from sahut.core.model import Credential, Estimate, Probe, Problem, Source, SourceDraft
from sahut.core.model.forms import FaultKind, FormFault, PlaceSort, QueryUse, SourceForm
from sahut.core.ports import Estimator
from triage_api import addresses, platforms
from triage_api.deps import Deps
from triage_api.web import hostile, words
from triage_api.web.desk import Posted
from triage_api.web.words import _

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_QUERY, LONGEST_OPTION = 100, 2_000, 1_000, 200
LEAST_MINUTES, MOST_MINUTES = 1, 7 * 24 * 60
USUAL_MINUTES = 10
_OPTION, _TOLD = "option.", "at."
_WHERE = {
    Problem.BAD_ADDRESS: "address",
    Problem.NOT_FOUND: "address",
    Problem.BAD_SETTINGS: "query",
    Problem.NO_CREDENTIAL: "credential",
    Problem.REFUSED_CREDENTIAL: "credential",
    Problem.LACKS_ACCESS: "credential",
}


@dataclass(slots=True, kw_only=True)
class Said:
    """A form about a source as it is shown. ``told`` is place → what it asks for, ``faults`` field → what is wrong.

    ``charges``: its platform does, and says beforehand how much; ``asked``: it was, and ``estimate`` is the answer.
    """

    platform: str
    form: SourceForm
    credentials: Sequence[Credential] | None = None
    place: str = ""
    told: dict[str, str] = field(default_factory=dict)
    name: str = ""
    query: str = ""
    minutes: str = str(USUAL_MINUTES)
    credential: str = ""
    options: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    charges: bool = False
    asked: bool = False
    estimate: Estimate | None = None

    @property
    def places(self) -> list[PlaceSort]:
        """What may be chosen: the platform's places, and the one that is chosen where it is none of these."""
        there = list(self.form.places)
        known = any(one.key == self.place for one in there)
        return there if known or self.place != forms.AS_WRITTEN.key else [*there, forms.AS_WRITTEN]

    @property
    def searches(self) -> bool:
        """Whether a query is the platform's own search in some of its places."""
        return any(one.query in {QueryUse.SEARCH, QueryUse.NARROWS} for one in self.places)

    @property
    def filters(self) -> bool:
        """Whether a query filters here in some of them."""
        return any(one.query in {QueryUse.FILTER, QueryUse.NARROWS} for one in self.places)


def blank(deps: Deps, platform: str, *, credential: str = "") -> Said:
    """An empty form. Raises InvalidError for no platform, PermanentError where its library is missing."""
    collector = platforms.collector(deps, platform)
    form = forms.of(collector)
    said = Said(platform=platform, form=form, place=form.places[0].key, charges=isinstance(collector, Estimator))
    if collector.guide is not None:
        with deps.store.read() as tx:
            said.credentials = [one for one in tx.credentials.all() if one.platform == platform]
        names = [one.name for one in said.credentials]
        said.credential = credential if credential in names else (names[0] if len(names) == 1 else "")
    return said


def of_source(deps: Deps, source: Source) -> Said:
    """The form filled in with what a source says, its password masked."""
    said = blank(deps, source.platform)
    place, told = forms.place_of(said.form, addresses.shown(source.address))
    said.place, said.told = place.key, {place.key: told}
    said.name, said.query, said.credential = source.name, source.query, source.credential
    said.minutes = _whole_minutes(source)
    said.options = {key: _as_text(value) for key, value in source.options.items()}
    return said


def filled_in(form: Posted, platform: str, before: Source | None = None) -> tuple[Said, SourceDraft]:
    """What was sent, and what it means; faults stand in `Said.faults`, by the names of the fields."""
    said = blank(form.desk.deps, platform)
    said.place = form.get("place", 40) or said.place
    said.told = {one.key: form.get(_TOLD + one.key, LONGEST_ADDRESS) for one in (*said.form.places, forms.AS_WRITTEN)}
    said.name = form.get("name", LONGEST_NAME)
    said.query = form.get("query", LONGEST_QUERY)
    said.credential = form.get("credential", LONGEST_NAME)
    said.minutes = form.get("minutes", 20) or str(USUAL_MINUTES)
    said.options = {one.key: form.get(_OPTION + one.key, LONGEST_OPTION) for one in said.form.options}
    place = next((one for one in said.places if one.key == said.place), None)
    if place is None:
        place = said.form.places[0]
        said.faults["place"] = _("Pilih apa yang dibaca.")
    if place.asks is not None and "address" in {key for key, _value in form.fields}:
        said.told[place.key] = form.get("address", LONGEST_ADDRESS)
    address = forms.address_of(place, said.told.get(place.key, ""))
    if before is not None:
        address = addresses.meant(address, before.address)
    draft = SourceDraft(
        platform=platform,
        name=said.name,
        address=address,
        query=said.query,
        interval=timedelta(minutes=_minutes(said)),
        options=_options(said, before),
        credential=said.credential,
    )
    if before is not None:
        draft = replace(draft, name=said.name or before.name, expected_every=before.expected_every, demo=before.demo)
    for fault in forms.faults(said.form, draft, credentials=_names(said), kept=draft.options.keys()):
        said.faults.setdefault(fault.field, _fault_words(fault))
    return said, draft


def without_form(source: Source) -> Said:
    """What a source says where nothing is asked of its address: a file of the server, or a library that is gone."""
    said = Said(platform=source.platform, form=forms.OPEN, place=forms.AS_WRITTEN.key)
    said.told = {said.place: addresses.shown(source.address)}
    said.name, said.query = source.name, source.query
    said.minutes = _whole_minutes(source)
    return said


def renamed(form: Posted, before: Source) -> tuple[Said, SourceDraft]:
    """Another name, query or interval for a source whose address the command line names."""
    said = without_form(before)
    said.name, said.query = form.get("name", LONGEST_NAME) or before.name, form.get("query", LONGEST_QUERY)
    said.minutes = form.get("minutes", 20)
    interval = timedelta(minutes=_minutes(said))
    return said, replace(before.draft, name=said.name, query=said.query, interval=interval)


def named(draft: SourceDraft, title: str = "") -> SourceDraft:
    """The draft with a name: its own, what the place is called, its host, or platform and address."""
    fallback = urlsplit(draft.address).hostname or f"{words.platform(draft.platform)}: {draft.address}"
    return replace(draft, name=draft.name or hostile.line(title)[:LONGEST_NAME] or fallback[:LONGEST_NAME])


def blame(said: Said, found: Probe) -> None:
    """Mark the field that a look at the place complains of."""
    if found.problem is None:
        return
    where = _WHERE.get(found.problem)
    if where is not None and (where != "credential" or said.credentials is not None):
        said.faults[where] = words.problem(found.problem)[0]


def _names(said: Said) -> list[str] | None:
    return None if said.credentials is None else [one.name for one in said.credentials]


def _whole_minutes(source: Source) -> str:
    return str(max(LEAST_MINUTES, round(source.interval / timedelta(minutes=1))))


def _minutes(said: Said) -> int:
    text = said.minutes
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0  # noqa: PLR2004 - digits
    if not LEAST_MINUTES <= number <= MOST_MINUTES:
        said.faults["minutes"] = _("Isi selang antara 1 menit dan 7 hari (10.080 menit).")
        return USUAL_MINUTES
    return number


def _options(said: Said, before: Source | None) -> dict[str, object]:
    """What was chosen, without what says no more than the default; options that the form does not know stay."""
    asked = {one.key: one for one in said.form.options}
    kept = {} if before is None else {key: value for key, value in before.options.items() if key not in asked}
    chosen = {key: value for key, value in said.options.items() if value and value != asked[key].default}
    return {**kept, **chosen}


def _as_text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _fault_words(fault: FormFault) -> str:
    if fault.field == "query":
        return _("Pencarian memerlukan kata yang dicari.")
    if fault.field == "credential":
        return _("Pilih kredensial yang dipakai masuk.")
    return {
        FaultKind.MISSING: _("Bagian ini wajib diisi."),
        FaultKind.NOT_WEB: _("Isi alamat umpan yang diawali http:// atau https://."),
        FaultKind.NOT_NUMBER: _("Isi jumlah hari dengan angka."),
        FaultKind.OUT_OF_RANGE: _("Jumlah harinya di luar yang dapat dibaca."),
        FaultKind.NOT_A_CHOICE: _("Pilih salah satu yang ada."),
        FaultKind.UNKNOWN: _("Isian ini tidak dikenal."),
    }[fault.kind]
