from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any

import pytest

from collectors.mail import MailCollector
from collectors.registry import CollectorSettings
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Batch, Mention, Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.imap_server import PASSWORD, USER, Break
from tests.collectors.world_mail import World, a_mail, sent

COLLECTOR = MailCollector(SETTINGS)
QUICK = MailCollector(replace(SETTINGS, total_timeout_s=1.0, read_timeout_s=1.0))


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def read(
    world: World, source: Source | None = None, *, now: datetime = NOW, collector: MailCollector = COLLECTOR
) -> list[Batch]:
    return list(collector.collect(source or world.source, now=now, access=world.access))


def mentions(batches: list[Batch]) -> list[Mention]:
    return [mention for batch in batches for mention in batch.mentions]


def notes(batches: list[Batch]) -> list[str]:
    return [note for batch in batches for note in batch.notes]


def after(source: Source, batches: list[Batch]) -> Source:
    return replace(source, cursor=json.loads(json.dumps(dict(batches[-1].cursor))))


def failure(world: World, collector: MailCollector = COLLECTOR, access: Access | None = None) -> CollectError:
    with pytest.raises(CollectError) as caught:
        list(collector.collect(world.source, now=NOW, access=access or world.access))
    return caught.value


def the_only(world: World, *mails: EmailMessage, at: datetime = NOW) -> Mention:
    world.server.append(*map(sent, mails), at=at)
    [found] = mentions(read(world))
    return found


# --- what a mail becomes


def test_a_mail_has_its_sender_subject_time_and_text(world: World) -> None:
    at = datetime(2026, 11, 23, 5, tzinfo=UTC)
    found = the_only(
        world, a_mail("Sudah tiga malam gelap.\n\nMohon ditindak", subject="Lampu padam – RT 04", at=at), at=at
    )

    assert (found.title, found.text) == ("Lampu padam – RT 04", "Sudah tiga malam gelap.\nMohon ditindak")
    assert found.author is not None
    assert (found.author.handle, found.author.name) == ("budi@warga.example", "Budi Santoso")
    assert (found.published_at, found.own, found.to_us) == (at, False, False)


def test_plain_text_is_preferred_and_html_is_cleaned_where_there_is_none(world: World) -> None:
    both = a_mail("Teks biasa")
    both.add_alternative("<p>Teks <b>HTML</b></p>", subtype="html")
    only = a_mail(None, message_id="<html@warga.example>")
    only.add_header("X", "y")
    only.set_content("<style>p{}</style><p>Air mati</p><script>x()</script><p>di RT&nbsp;04</p>", subtype="html")
    world.server.append(sent(both), sent(only))

    assert [one.text for one in mentions(read(world))] == ["Teks biasa", "Air mati\ndi RT 04"]


def test_attachments_are_named_and_not_read(world: World) -> None:
    mail = a_mail("Ini fotonya")
    mail.add_attachment(b"\xff\xd8rahasia", maintype="image", subtype="jpeg", filename="lubang jalan.jpg")

    found = the_only(world, mail)

    assert found.text == "Ini fotonya\n📎 lubang jalan.jpg"
    assert "rahasia" not in str(found.raw)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "Belum juga.\n\nPada Sel, 24 Nov 2026 pukul 10.00 Dinas <d@kota.example> menulis:\n> Akan kami\n> periksa",
            "Belum juga.",
        ),
        (
            "Masih mati\n\nOn Tue, Nov 24, 2026 at 10:00 AM Dinas Kota\n<dinas@kota.example> wrote:\n> Terima kasih\n",
            "Masih mati",
        ),
        (
            "Tolong pak\n\n-----Original Message-----\nFrom: Dinas\nSent: Tuesday\nTo: Budi\nSubject: x\n\nTerima",
            "Tolong pak",
        ),
        ("Tolong\n\nDari: Dinas\nDikirim: Selasa\nKepada: Budi\nPerihal: x\n\nTerima kasih", "Tolong"),
        ("> Kapan?\nKemarin sore.\n> Di mana?\nDi RT 04.", "> Kapan?\nKemarin sore.\n> Di mana?\nDi RT 04."),
        ("Masih mati\n-- \nBudi Santoso\nJl. Melati 4", "Masih mati"),
        ("Masih mati\n\nDikirim dari iPhone saya", "Masih mati"),
        ("> semua\n> dikutip", "> semua\n> dikutip"),
        (
            "Pada hari Senin petugas menulis:\nTidak ada anggaran",
            "Pada hari Senin petugas menulis:\nTidak ada anggaran",
        ),
    ],
)
def test_only_what_an_answer_quotes_and_its_signature_are_left_out(world: World, body: str, said: str) -> None:
    found = the_only(world, a_mail(body, subject="Re: Lampu", in_reply_to="<1@kota.example>"))

    assert found.text == said
    assert " ".join(found.raw["text"].split()) == " ".join(body.split())


def test_what_is_passed_on_stays_whole(world: World) -> None:
    body = "Mohon ditindak\n\n---- Forwarded message ----\nDari: Budi\nDate: Sel\nSubject: x\nTo: saya\n\nLampu padam"

    assert the_only(world, a_mail(body, subject="Fwd: Lampu")).text.endswith("Lampu padam")


def test_quotes_of_an_html_answer_are_left_out(world: World) -> None:
    mail = a_mail(None, subject="Re: Lampu", in_reply_to="<1@kota.example>")
    mail.set_content(
        '<p>Masih mati</p><div class="gmail_quote"><p>Pada Sel menulis:</p><blockquote>Terima kasih</blockquote></div>',
        subtype="html",
    )

    assert the_only(world, mail).text == "Masih mati"


def test_a_wrong_date_gives_way_to_when_the_mail_arrived(world: World) -> None:
    arrived = NOW - timedelta(hours=3)
    world.server.append(
        sent(a_mail("Tahun salah", at=datetime(2016, 1, 1, tzinfo=UTC))),
        sent(a_mail("Masa depan", at=NOW + timedelta(days=300))),
        at=arrived,
    )

    assert [one.published_at for one in mentions(read(world))] == [arrived, arrived]


@pytest.mark.parametrize(
    "raw",
    [
        b"From: =?utf-8?q?B=C3=A9?= <b@x.example>\r\nSubject: =?iso-8859-1?q?caf=E9?=\r\n\r\nHalo\r\n",
        b"From: b@x.example\r\nContent-Type: text/plain; charset=ada-apa\r\n\r\nHalo \xff\xfe\r\n",
        b"From: b@x.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nHalo\r\n",
        b"From: b@x.example\r\nContent-Transfer-Encoding: base64\r\n\r\nSGFsbw==!!\r\n",
        b'From: "a\r\nSubject: \xe2\x98\x83 Halo\r\n\r\nHalo\x00\x01\r\n',
        b"From: b@x.example\r\nMessage-ID: \r\nDate: kemarin\r\nReferences: <<>> bukan\r\n\r\nHalo\r\n",
    ],
)
def test_mails_as_the_world_writes_them_are_read(world: World, raw: bytes) -> None:
    world.server.append(raw)

    [found] = mentions(read(world))

    assert "Halo" in found.body
    assert "\x00" not in found.body
    json.dumps(found.raw)


def test_a_large_mail_is_read_as_far_as_its_texts_go(world: World) -> None:
    mail = a_mail("Foto terlampir")
    mail.add_attachment(b"x" * 600_000, maintype="image", subtype="jpeg", filename="besar.jpg")

    found = the_only(world, mail)

    assert found.text.startswith("Foto terlampir")
    assert found.raw["cut"]


# --- conversations


def test_mails_hang_together_by_references(world: World) -> None:
    first = a_mail("Lampu padam", message_id="<satu@warga.example>")
    ours = a_mail("Kami periksa", sender=USER, message_id="<dua@kota.example>", in_reply_to="<satu@warga.example>")
    third = a_mail(
        "Masih padam", references="<satu@warga.example> <dua@kota.example>", in_reply_to="<dua@kota.example>"
    )
    lone = a_mail("Lain", message_id="<lain@warga.example>", subject="Re: Lampu padam")
    world.server.append(*map(sent, (first, ours, third, lone)))

    one, two, three, other = mentions(read(world))

    assert one.root == two.root == three.root == "satu@warga.example"
    assert (two.own, three.own, three.to_us, one.to_us) == (True, False, True, False)
    assert three.parent == "dua@kota.example"
    assert other.root == "lain@warga.example"


def test_a_message_id_that_is_used_twice_hides_no_mail(world: World) -> None:
    mails = [a_mail(f"Keluhan {number}", message_id="<form@situs.example>") for number in range(3)]
    world.server.append(*map(sent, mails[:2]))
    first = read(world)
    world.server.append(sent(mails[2]))
    second = read(world, after(world.source, first))

    assert len({one.native_id for one in mentions([*first, *second])}) == 3
    assert "form@situs.example" in notes(first)[0]
    assert "form@situs.example" in notes(second)[0]


def test_the_same_mail_in_two_folders_is_one_mention(world: World) -> None:
    world.server.create("Arsip")
    mail = sent(a_mail("Lampu padam"))
    world.server.append(mail)
    world.server.append(mail, folder="Arsip")

    inbox, archive = (mentions(read(world, replace(world.source, address=name))) for name in ("INBOX", "Arsip"))

    assert [one.key for one in inbox] == [one.key for one in archive]


# --- what opens no case


def test_absence_notes_and_reports_are_counted_and_left_out(world: World) -> None:
    report = EmailMessage()
    report["From"], report["Subject"] = "MAILER-DAEMON@mx.example", "Undelivered"
    report.set_content("Lampu padam: tidak terkirim")
    world.server.append(
        sent(a_mail("Saya cuti", auto_submitted="auto-replied (vacation)")),
        sent(a_mail("Saya cuti", precedence="auto_reply")),
        sent(report),
        sent(a_mail("Dari formulir situs", auto_submitted="auto-generated")),
        sent(a_mail("Dari milis warga", list_id="<warga.kota.example>", precedence="list")),
    )

    batches = read(world)

    assert [one.text for one in mentions(batches)] == ["Dari formulir situs", "Dari milis warga"]
    assert sum(batch.seen for batch in batches) == 5
    assert notes(batches) == ["automatic mails were left out: 2 × answer, 1 × report"]
    without = read(world, replace(world.source, options={"lists": "no"}))
    assert [one.text for one in mentions(without)] == ["Dari formulir situs"]


def test_the_query_filters_but_answers_to_us_pass(world: World) -> None:
    world.server.append(
        sent(a_mail("Banjir di gang mawar")),
        sent(a_mail("Halo")),
        sent(a_mail("Belum", in_reply_to="<2@kota.example>")),
    )

    found = mentions(read(world, replace(world.source, query="banjir")))

    assert [one.text for one in found] == ["Banjir di gang mawar", "Belum"]


# --- incremental


def test_nothing_in_the_mailbox_is_changed(world: World) -> None:
    world.add("Satu", "Dua")
    before = world.server.flags()
    read(world)

    assert world.server.flags() == before
    assert not any(b"Seen" in line for line in before)
    verbs = {command.removeprefix("UID ").split()[0] for command in world.wire.commands}
    assert verbs <= {"HELLO", "CAPABILITY", "LOGIN", "EXAMINE", "SEARCH", "FETCH", "LOGOUT"}


def test_a_later_reading_asks_for_later_mails_only(world: World) -> None:
    world.add("Satu", "Dua")
    source = after(world.source, read(world))
    assert mentions(read(world, source)) == []
    world.add("Tiga")

    assert [one.text for one in mentions(read(world, source))] == ["Tiga"]


def test_an_empty_folder_is_no_mistake_and_later_mails_come(world: World) -> None:
    source = after(world.source, read(world))
    world.server.append(sent(a_mail("Lama", at=NOW - timedelta(days=90))), at=NOW - timedelta(days=90))

    assert [one.text for one in mentions(read(world, source))] == ["Lama"], "moved in, whenever it was written"


def test_a_first_reading_goes_back_thirty_days_or_as_told(world: World) -> None:
    for days in (100, 20, 1):
        world.add(f"{days} hari", at=NOW - timedelta(days=days))

    assert [one.text for one in mentions(read(world))] == ["20 hari", "1 hari"]
    long = replace(world.source, options={"first_days": 365})
    assert len(mentions(read(world, long))) == 3
    with pytest.raises(PermanentError):
        read(world, replace(world.source, options={"first_days": "x"}))


def test_a_folder_that_is_numbered_anew_is_read_again_by_date(world: World) -> None:
    source = replace(world.source, address="Pengaduan")
    old, kept, fresh = (a_mail(text) for text in ("Lama", "Kemarin", "Baru"))
    world.server.create("Pengaduan")
    world.server.append(sent(old), folder="Pengaduan", at=NOW - timedelta(days=20))
    world.server.append(sent(kept), folder="Pengaduan", at=NOW - timedelta(days=1))
    first = read(world, source)
    world.server.delete("Pengaduan")
    world.server.create("Pengaduan")
    world.server.append(sent(old), folder="Pengaduan", at=NOW - timedelta(days=20))
    world.server.append(sent(kept), sent(fresh), folder="Pengaduan", at=NOW - timedelta(days=1))

    second = read(world, after(source, first), now=NOW + timedelta(minutes=10))

    assert [one.text for one in mentions(second)] == ["Kemarin", "Baru"]
    assert mentions(second)[0].key == mentions(first)[1].key
    assert any("numbers" in note for note in notes(second))


def test_a_stretch_of_the_past_is_read_by_arrival(world: World) -> None:
    for days in range(60, 0, -1):
        world.add(f"{days} hari", at=NOW - timedelta(days=days))
    since, until = NOW - timedelta(days=58, hours=1), NOW - timedelta(days=2, hours=1)

    reading = COLLECTOR.backfill(world.source, since, until, now=NOW, access=world.access)
    stored = [next(reading)]
    del reading
    rest = list(COLLECTOR.backfill(after(world.source, stored), since, until, now=NOW, access=world.access))

    assert [one.text for one in mentions([*stored, *rest])] == [f"{days} hari" for days in range(58, 2, -1)]


# --- what goes wrong


@pytest.mark.parametrize("how", Break, ids=lambda how: how.name.lower())
def test_a_break_at_any_command_loses_and_doubles_nothing(world: World, how: Break) -> None:
    number = count(1)
    world.add(*(f"Keluhan {next(number)}" for _ in range(60)))
    read(world)
    for call in range(world.wire.calls):
        world.wire.break_at(call, how)
        kept: dict[tuple[str, str], str] = {}
        source, error = reading_until_broken(world, kept, QUICK if how is Break.DRIP else COLLECTOR)
        saying_good_bye = world.wire.commands[-1].startswith("LOGOUT")
        assert error is None or isinstance(error, TransientError), f"{call}: {error!r}"
        assert error is not None or saying_good_bye or how is Break.NO, f"{call}: {world.wire.commands[-1]}"
        world.wire.mend()
        kept |= {one.key: one.text for one in mentions(read(world, source))}
        assert list(kept.values()) == [f"Keluhan {at}" for at in range(1, 61)], f"{call}"


def reading_until_broken(
    world: World, kept: dict[tuple[str, str], str], collector: MailCollector
) -> tuple[Source, CollectError | None]:
    source = world.source
    try:
        for batch in collector.collect(source, now=NOW, access=world.access):
            assert not kept.keys() & {one.key for one in batch.mentions}
            kept |= {one.key: one.text for one in batch.mentions}
            source = after(source, [batch])
    except CollectError as error:
        return source, error
    return source, None


@pytest.mark.parametrize(
    ("how", "problems"),
    [
        (Break.RESET, {Problem.UNREACHABLE}),
        (Break.CLOSED, {Problem.UNREACHABLE}),
        (Break.HALF, {Problem.UNREACHABLE}),
        (Break.DRIP, {Problem.TOO_SLOW}),
        (Break.NO, {Problem.SERVER_ERROR}),
        (Break.BYE, {Problem.RATE_LIMITED}),
        (Break.GARBAGE, {Problem.UNREACHABLE, Problem.NOT_READABLE}),
    ],
)
def test_a_break_is_told_by_its_name(world: World, how: Break, problems: set[Problem]) -> None:
    world.add("Satu")
    read(world)
    search = next(at for at, command in enumerate(world.wire.commands) if "SEARCH" in command)
    world.wire.break_at(search, how)

    error = failure(world, QUICK if how is Break.DRIP else COLLECTOR)

    assert error.problem in problems
    assert "127.0.0.1" in str(error)
    assert PASSWORD not in str(error)


def test_a_wrong_password_stops_the_source_and_a_server_in_trouble_does_not(world: World) -> None:
    wrong = replace(world.access, secrets={"password": "salah"})
    error = failure(world, access=wrong)
    assert isinstance(error, PermanentError)
    assert error.problem is Problem.REFUSED_CREDENTIAL
    assert "salah" not in str(error)

    read(world)
    login = next(at for at, command in enumerate(world.wire.commands) if command.startswith("LOGIN"))
    for how in (Break.NO, Break.BYE):
        world.wire.break_at(login, how)
        assert isinstance(failure(world), TransientError)


def test_a_password_that_is_no_ascii_goes_another_way(world: World) -> None:
    error = failure(world, access=replace(world.access, secrets={"password": "rahasía"}))

    assert error.problem is Problem.REFUSED_CREDENTIAL
    assert any(command.startswith("AUTHENTICATE") for command in world.wire.commands)


def test_one_mail_that_the_server_cannot_give_is_a_dead_letter(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add("Satu", "Rusak", "Tiga")
    monkeypatch.setattr(world.wire, "spoil", lambda command: "FETCH" in command and "102" in uids(command))

    batches = read(world)

    assert [one.text for one in mentions(batches)] == ["Satu", "Tiga"]
    [dead] = [letter for batch in batches for letter in batch.dead]
    assert dead.reason
    assert mentions(read(world, after(world.source, batches))) == []


def uids(command: str) -> list[str]:
    return command.partition("FETCH ")[2].partition(" ")[0].split(",")


def test_a_host_inside_the_network_is_read_only_where_it_is_allowed(world: World) -> None:
    strict = MailCollector(CollectorSettings())
    inside = replace(
        world.access, settings={**world.access.settings, "base_url": f"imaps://127.0.0.1:{world.wire.port}"}
    )

    assert failure(world, strict, inside).problem is Problem.BLOCKED_ADDRESS
    assert failure(world, strict).problem is Problem.BAD_SETTINGS, "no password in the clear"
    assert world.wire.calls == 0


def test_a_certificate_that_nobody_vouches_for_is_not_taken(world: World, tmp_path: Any) -> None:
    server = self_signed(tmp_path)
    tls = replace(world.access, settings={"username": USER, "host": "127.0.0.1", "port": str(server.getsockname()[1])})

    error = failure(world, access=tls)

    assert error.problem is Problem.UNREACHABLE
    assert "certificate" in str(error).lower()
    server.close()


def self_signed(folder: Any) -> socket.socket:
    """A TLS server with a certificate of its own making."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(days=1), NOW + timedelta(days=3650))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.pem").write_bytes(made + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listening.accept()
            with connection, context.wrap_socket(connection, server_side=True):
                pass
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    return listening


@pytest.mark.parametrize(
    "settings",
    [{"host": ""}, {"host": "x.example", "port": "banyak"}, {"host": "x.example", "security": "rahasia"}],
)
def test_settings_that_lead_nowhere_are_told(world: World, settings: dict[str, str]) -> None:
    access = Access(name="x", secrets={"password": "y"}, settings={"username": "z", **settings})

    assert failure(world, access=access).problem is Problem.BAD_SETTINGS


def test_a_credential_is_proved_by_signing_in(world: World) -> None:
    assert COLLECTOR.prove(world.access, now=NOW) == USER
    with pytest.raises(PermanentError) as caught:
        COLLECTOR.prove(Access(name="kosong"), now=NOW)
    assert caught.value.problem is Problem.NO_CREDENTIAL
    required = {need.key for need in COLLECTOR.guide.needs if need.required and need.secret}
    assert COLLECTOR.guide.steps
    assert required <= set(world.access.secrets)
