"""What a person may ask of us (Law 27/2022): what we hold of them, and to be erased.

Erasing runs in batches, each a transaction of its own, and begins with the tombstone: nothing new of the person comes
in while it runs, and whoever is killed starts again and goes on where it was, since what is erased is found no more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime

from sahut.core.errors import RefusedError
from sahut.core.model import (
    Actor,
    AuditAct,
    AuditDraft,
    MentionRecord,
    Person,
    PersonCounts,
    Policy,
    ReplyAct,
    ReplyState,
)
from sahut.core.ports import Store, Tx

_BATCH = 100
# From the moment a machine has taken it, it is not ours to call back; its address is found and its person taken out.
_WITHDRAWABLE = frozenset(
    {ReplyState.DRAFT, ReplyState.WAITING, ReplyState.APPROVED, ReplyState.BY_HAND, ReplyState.FAILED}
)
ForgetExports = Callable[[Collection[int]], int]
"""Takes mentions by id out of tables on disk; how many rows that were."""


def asked(platform: str, handle: str = "", link: str = "") -> Person:
    """Who is meant. Raises RefusedError(rule="person") unless there is a platform and one of the other two."""
    platform, handle, link = platform.strip(), handle.strip().removeprefix("@"), link.strip()
    if not platform or bool(handle) == bool(link):
        raise RefusedError("name a platform, and a handle or the link of a post", rule="person")
    return Person(platform=platform, handle=handle, link=link)


def look(store: Store, who: Person) -> PersonCounts:
    """How much erasing would reach; changes nothing."""
    with store.read() as tx:
        return tx.persons.counts(who)


def erase(
    store: Store,
    who: Person,
    *,
    clock: Callable[[], datetime],
    forget_exports: ForgetExports = lambda _ids: 0,
    actor: Actor | None = None,
    name: str = "",
) -> tuple[PersonCounts, int]:
    """Take a person out of everything; what that reached, and how many rows of tables on disk.

    The audit log has counts, the platform and never who it was.
    """
    found = look(store, who)
    with store.begin() as tx:
        tx.persons.bury(who, clock())
    exported = 0
    while True:
        now = clock()
        with store.begin() as tx:
            ids = tx.persons.find(who, limit=_BATCH)
            if not ids:
                break
            tx.mentions.lock(ids)
            _call_back(tx, ids, actor, name, now)
            tx.persons.erase(ids, now)
        exported += forget_exports(ids)
    with store.begin() as tx:
        now = clock()
        tx.persons.forget_name(who, now)
        said = _said(found) | {"platform": who.platform, "by": "handle" if who.handle else "link", "exported": exported}
        tx.audit.add(AuditDraft(act=AuditAct.ERASURE, at=now, actor=actor, name=name, kind="person", detail=said))
    return replace(found, erased=True), exported


def _call_back(tx: Tx, ids: list[int], actor: Actor | None, name: str, now: datetime) -> None:
    for reply_id, state in tx.persons.open_replies(ids):
        if state in _WITHDRAWABLE:
            by = actor.name if actor else name
            tx.replies.move(reply_id, ReplyState.WITHDRAWN, ReplyAct.WITHDRAWN, actor_name=by, now=now)


def _said(found: PersonCounts) -> dict[str, int]:
    return {
        "mentions": found.mentions,
        "versions": found.versions,
        "replies": found.replies,
        "tickets": found.tickets,
        "named": found.named,
        "set_aside": found.set_aside,
        "brought": found.brought,
    }


def report(
    store: Store, who: Person, policy: Policy, *, now: datetime, actor: Actor | None = None, name: str = ""
) -> str:
    """What is held of a person, as a text in Indonesian that the person can read; noted in the audit log."""
    with store.begin() as tx:
        found = tx.persons.counts(who)
        lines = list(_lines(tx, who, found, policy, now))
        detail = _said(found) | {"platform": who.platform, "by": "handle" if who.handle else "link"}
        tx.audit.add(
            AuditDraft(act=AuditAct.ACCESS_REPORT, at=now, actor=actor, name=name, kind="person", detail=detail)
        )
    return "\n".join(lines) + "\n"


def _lines(tx: Tx, who: Person, found: PersonCounts, policy: Policy, now: datetime) -> Iterator[str]:
    yield "LAPORAN AKSES DATA PRIBADI (UU 27/2022, Pasal 7)"
    yield ""
    yield f"Dibuat: {now.astimezone():%d-%m-%Y %H:%M %Z}"
    yield f"Platform: {who.platform}"
    yield f"Akun: @{who.handle}" if who.handle else f"Tulisan: {who.link}"
    yield ""
    yield "Yang kami simpan tentang Anda:"
    yield f"- {found.mentions} tulisan publik Anda, dengan {found.versions} bunyi sebelumnya"
    yield f"- {found.tickets} tiket yang lahir dari tulisan itu, dan {found.replies} balasan kami"
    yield f"- {found.named} tulisan orang lain yang menyebut akun Anda"
    yield f"- {found.set_aside} data mentah yang belum dapat dibaca dan memuat akun Anda"
    yield f"- {found.brought} berkas yang dibawa petugas dan belum dibaca, yang memuat akun Anda"
    yield "Anda pernah meminta dihapus: tulisan Anda tidak dikumpulkan lagi." if found.erased else ""
    yield ""
    yield "Untuk apa: agar pengaduan tentang layanan publik ditemukan, ditangani, dan dijawab."
    kept = policy.retention
    yield (
        f"Masa simpan: data mentah {kept.raw.days} hari; yang bukan pengaduan {kept.filed.days} hari; yang ditolak "
        f"{kept.dismissed.days} hari; tiket dan balasannya {kept.tickets.days} hari setelah ditutup; yang belum dapat "
        f"dibaca {kept.set_aside.days} hari."
    )
    after = 0
    while ids := tx.persons.find(who, limit=_BATCH, after=after):
        for mention_id in ids:
            yield from _of_mention(tx, tx.mentions.whole(mention_id))
        after = ids[-1]


def _of_mention(tx: Tx, record: MentionRecord) -> Iterator[str]:
    said = record.mention
    yield ""
    yield f"== Tulisan {record.id} =="
    yield f"Terbit: {said.published_at:%d-%m-%Y %H:%M} UTC" if said.published_at else "Terbit: tidak diketahui"
    yield f"Terkumpul: {said.collected_at:%d-%m-%Y %H:%M} UTC, dari sumber {record.source_name}"
    yield f"Tautan: {said.permalink or '-'}"
    if said.author:
        yield f"Penulis: {said.author.name or '-'} (@{said.author.handle or '-'}) {said.author.url}".rstrip()
        if said.author.followers is not None:
            yield f"Pengikut: {said.author.followers}"
    yield f"Penilaian mesin: jenis {record.kind or '-'}, nada {record.sentiment or '-'}, topik {record.topic or '-'}"
    if record.place:
        yield f"Tempat yang terbaca dari teks: {record.place.text}"
    yield f"Keadaan: {record.state}"
    yield "Teks:"
    yield from (f"  {line}" for line in said.body.splitlines())
    for one in tx.mentions.versions(record.id):
        yield f"Bunyi sebelum {one.seen_at:%d-%m-%Y %H:%M} UTC:"
        yield from (f"  {line}" for line in f"{one.title}\n{one.text}".strip().splitlines())
    if record.ticket_id is not None:
        ticket = tx.tickets.get(record.ticket_id)
        yield f"Tiket: {ticket.number} ({ticket.status}), kode lacak {ticket.tracking_code}"
    for reply in tx.replies.of_mention(record.id):
        yield f"Balasan kami ({reply.state}):"
        yield from (f"  {line}" for line in reply.text.splitlines())
    yield "Data mentah dari platform: " + ("ada, memuat:" if said.raw else "tidak ada")
    if said.raw:
        yield "  " + ", ".join(sorted(str(name) for name in said.raw))
