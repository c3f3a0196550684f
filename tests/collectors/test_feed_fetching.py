"""What a feed source does on the network, against a real server."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Problem
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, Answer, FeedServer, a_source, item, packed, read, rss

FEED = rss(item(1), item(2))


def failure(source_url: str, **settings: object) -> CollectError:
    with pytest.raises(CollectError) as caught:
        read(a_source(source_url), settings=replace(SETTINGS, **settings))  # type: ignore[arg-type]
    return caught.value


def test_validators_are_sent_back_byte_for_byte_and_304_keeps_everything(server: FeedServer) -> None:
    etag, modified = 'W/"a,b  c-ä"', "Tue, 24 Nov 2026 03:00:00 +0700"
    headers = {"ETag": etag.encode().decode("latin-1"), "Last-Modified": modified}
    url = server.on("/rss", Answer(body=FEED, headers=headers), Answer(status=304))

    first, source = read(a_source(url))
    second, again = read(source)

    assert len(first[0].mentions) == 2
    assert server.seen[1].headers["if-none-match"] == headers["ETag"]
    assert server.seen[1].headers["if-modified-since"] == modified
    assert [len(batch.mentions) for batch in second] in ([], [0])
    assert again.cursor == source.cursor


def test_no_validators_are_made_up(server: FeedServer) -> None:
    _, source = read(a_source(server.feed("/rss", FEED)))
    read(source)

    assert not {"if-none-match", "if-modified-since"} & server.seen[1].headers.keys()


def test_an_unasked_304_is_an_error_and_not_an_empty_feed(server: FeedServer) -> None:
    error = failure(server.on("/rss", Answer(status=304)))

    assert isinstance(error, TransientError)
    assert error.problem is Problem.SERVER_ERROR


def test_validators_are_forgotten_when_the_query_changes(server: FeedServer) -> None:
    url = server.feed("/rss", FEED, ETag='"1"')
    _, source = read(a_source(url, query="banjir"))
    read(replace(source, query="lampu"))

    assert "if-none-match" not in server.seen[1].headers


def test_one_request_reads_a_feed_and_says_who_asks(server: FeedServer) -> None:
    read(a_source(server.feed("/rss", FEED)))

    assert [seen.path for seen in server.seen] == ["/rss"]
    assert server.seen[0].headers["user-agent"].startswith("Sahut/")
    assert "+https://sahut.example" in server.seen[0].headers["user-agent"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_kept_as_the_next_check(server: FeedServer, status: int, form: str) -> None:
    at = NOW + timedelta(hours=1)
    value = "3600" if form == "seconds" else format_datetime(at, usegmt=True)
    error = failure(server.on("/rss", Answer(status=status, headers={"Retry-After": value})))

    assert isinstance(error, TransientError)
    assert error.not_before == at


@pytest.mark.parametrize("value", ["", "soon", "-5", "99999999999999999999", "Tue, 99 Foo 2026"])
def test_a_nonsense_retry_after_is_no_new_failure(server: FeedServer, value: str) -> None:
    error = failure(server.on("/rss", Answer(status=429, headers={"Retry-After": value})))

    assert isinstance(error, TransientError)
    assert error.problem is Problem.RATE_LIMITED


@pytest.mark.parametrize(
    ("status", "kind", "problem"),
    [
        (401, PermanentError, Problem.NEEDS_LOGIN),
        (403, PermanentError, Problem.FORBIDDEN),
        (404, TransientError, Problem.NOT_FOUND),
        (410, PermanentError, Problem.GONE),
        (429, TransientError, Problem.RATE_LIMITED),
        (500, TransientError, Problem.SERVER_ERROR),
        (502, TransientError, Problem.SERVER_ERROR),
        (503, TransientError, Problem.SERVER_ERROR),
    ],
)
def test_a_status_says_whether_to_try_again(
    server: FeedServer, status: int, kind: type[CollectError], problem: Problem
) -> None:
    error = failure(server.on("/rss", Answer(status=status)))

    assert isinstance(error, kind)
    assert error.problem is problem
    assert "/rss" in str(error)


def test_403_after_a_success_counts_as_throttling(server: FeedServer) -> None:
    _, source = read(a_source(server.on("/rss", Answer(body=FEED), Answer(status=403))))
    with pytest.raises(TransientError) as caught:
        read(source)

    assert caught.value.problem is Problem.RATE_LIMITED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: FeedServer, status: int) -> None:
    server.feed("/new", FEED)
    batches, _ = read(a_source(server.on("/old", Answer(status=status, headers={"Location": "/new"}))))

    assert len(batches[0].mentions) == 2


@pytest.mark.parametrize("status", [301, 308])
def test_a_move_for_good_is_adopted_after_three_sightings(server: FeedServer, status: int) -> None:
    server.feed("/new", FEED)
    source = a_source(server.on("/old", Answer(status=status, headers={"Location": "/new"})))
    for _ in range(4):
        _, source = read(source)

    assert [seen.path for seen in server.seen] == ["/old", "/new"] * 3 + ["/new"]


def test_a_temporary_redirect_is_never_adopted(server: FeedServer) -> None:
    server.feed("/new", FEED)
    source = a_source(server.on("/old", Answer(status=302, headers={"Location": "/new"})))
    for _ in range(5):
        _, source = read(source)

    assert [seen.path for seen in server.seen] == ["/old", "/new"] * 5


def test_an_adopted_move_keeps_identities(server: FeedServer) -> None:
    server.feed("/new", rss(item(1, guid="17")))
    source = a_source(server.on("/old", Answer(status=301, headers={"Location": "/new"})))
    keys = set()
    for _ in range(5):
        batches, source = read(source)
        keys |= {mention.key for batch in batches for mention in batch.mentions}

    assert len(keys) == 1


def test_a_redirect_loop_is_named(server: FeedServer) -> None:
    server.on("/b", Answer(status=302, headers={"Location": "/a"}))
    error = failure(server.on("/a", Answer(status=302, headers={"Location": "/b"})))

    assert error.problem is Problem.REDIRECT_LOOP
    assert len(server.seen) <= 3


def test_an_endless_chain_of_redirects_ends_after_ten(server: FeedServer) -> None:
    for number in range(30):
        server.on(f"/{number}", Answer(status=302, headers={"Location": f"/{number + 1}"}))
    error = failure(server.url + "/0")

    assert error.problem is Problem.REDIRECT_LOOP
    assert len(server.seen) == 11


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.7/",
        "http://192.168.1.1/",
        "http://172.16.0.1/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://localhost/",
    ],
)
def test_inner_addresses_are_refused_directly_and_behind_a_redirect(server: FeedServer, target: str) -> None:
    behind = failure(server.on("/out", Answer(status=302, headers={"Location": target})))
    directly = failure(target)

    for error in (behind, directly):
        assert isinstance(error, PermanentError)
        assert error.problem in {Problem.BLOCKED_ADDRESS, Problem.BAD_ADDRESS}


def test_the_server_itself_is_refused_unless_an_operator_allows_it(server: FeedServer) -> None:
    url = server.feed("/rss", FEED)
    error = failure(url, allow_hosts=())

    assert error.problem is Problem.BLOCKED_ADDRESS
    assert server.seen == []
    port = url.split(":")[2].split("/")[0]
    assert read(a_source(url), settings=replace(SETTINGS, allow_hosts=(f"127.0.0.1:{port}",)))[0][0].mentions


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "data:,x"])
def test_other_schemes_are_refused_at_every_hop(server: FeedServer, target: str) -> None:
    assert failure(target).problem is Problem.BAD_ADDRESS
    behind = failure(server.on("/out", Answer(status=302, headers={"Location": target})))
    assert behind.problem in {Problem.BAD_ADDRESS, Problem.BLOCKED_ADDRESS}


@pytest.mark.parametrize("address", ["", "   ", "warta", "http://", "http://[::1", "http://a b/", "http://x:99999999/"])
def test_a_wrong_address_is_said_in_words(address: str) -> None:
    error = failure(address)

    assert isinstance(error, PermanentError)
    assert error.problem is Problem.BAD_ADDRESS


def test_credentials_go_to_their_own_host_only_and_into_no_message(server: FeedServer) -> None:
    other = FeedServer()
    try:
        target = other.feed("/rss", FEED).replace("127.0.0.1", "localhost")
        url = server.on("/private", Answer(status=302, headers={"Location": target}))
        with_password = url.replace("http://", "http://sari:rahasia-sekali@")
        read(a_source(with_password), settings=replace(SETTINGS, allow_hosts=("127.0.0.1", "localhost")))

        assert server.seen[0].headers["authorization"].startswith("Basic ")
        assert "authorization" not in other.seen[0].headers
    finally:
        other.close()
    refused = failure(server.on("/no", Answer(status=401)).replace("http://", "http://sari:rahasia-sekali@"))
    assert "rahasia" not in str(refused)


def test_gzip_is_unpacked_whether_declared_or_not(server: FeedServer) -> None:
    declared = server.on("/a", Answer(body=packed(FEED), headers={"Content-Encoding": "gzip"}))
    silent = server.on("/b", Answer(body=packed(FEED), headers={"Content-Type": "application/x-gzip"}))

    assert [len(read(a_source(url))[0][0].mentions) for url in (declared, silent)] == [2, 2]


def bomb(size: int) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"\x00" * 1_000_000
    return b"".join(engine.compress(block) for _ in range(size // len(block))) + engine.flush()


@pytest.mark.parametrize("headers", [{"Content-Encoding": "gzip"}, {}])
def test_a_gzip_bomb_is_refused_by_its_unpacked_size(server: FeedServer, headers: dict[str, str]) -> None:
    error = failure(server.on("/bomb", Answer(body=bomb(200_000_000), headers=headers)))

    assert error.problem is Problem.TOO_LARGE


def test_a_huge_feed_is_refused_whether_it_announces_its_size_or_not(server: FeedServer) -> None:
    announced = server.on("/a", Answer(body=b"<rss>" + b" " * 300_000))
    silent = server.on("/b", Answer(pieces=[b"<rss>"] + [b" " * 10_000] * 40))

    for url in (announced, silent):
        error = failure(url, max_bytes=100_000)
        assert error.problem is Problem.TOO_LARGE


def test_a_slow_drip_ends_at_the_total_time(server: FeedServer) -> None:
    url = server.on("/drip", Answer(pieces=[b" "] * 600, pause=0.1))
    begun = datetime.now(UTC)
    error = failure(url, total_timeout_s=1.0)

    assert isinstance(error, TransientError)
    assert error.problem is Problem.TOO_SLOW
    assert datetime.now(UTC) - begun < timedelta(seconds=20)


def test_a_server_that_says_nothing_is_too_slow(server: FeedServer) -> None:
    url = server.on("/mute", Answer(pieces=[b" "], pause=5.0))

    assert failure(url, read_timeout_s=0.3).problem is Problem.TOO_SLOW


def test_a_closed_port_is_unreachable() -> None:
    gone = FeedServer()
    gone.close()
    error = failure(gone.url + "/rss")

    assert isinstance(error, TransientError)
    assert error.problem is Problem.UNREACHABLE


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"   \n",
        b"<!DOCTYPE html><html><head><title>Verify</title></head><body>Are you human?</body></html>",
        b"<html><body><form>login</form></body></html>",
        b"just words",
        b"{}",
        b"[]",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n\x00\x00",
    ],
)
def test_what_is_no_feed_is_said_so_and_the_old_state_is_kept(server: FeedServer, page: bytes) -> None:
    _, source = read(a_source(server.on("/rss", Answer(body=FEED), Answer(body=page))))
    with pytest.raises(TransientError) as caught:
        read(source)

    assert caught.value.problem is Problem.NOT_A_FEED


def test_a_web_page_names_the_feeds_it_links_to(server: FeedServer) -> None:
    page = (
        b'<html><head><link rel="alternate" type="application/rss+xml" href="/warta.xml"></head><body>x</body></html>'
    )
    error = failure(server.feed("/", page, Content_Type="text/html"))

    assert error.problem is Problem.NOT_A_FEED
    assert server.url + "/warta.xml" in str(error)


def test_a_wish_to_be_asked_later_is_kept(server: FeedServer) -> None:
    batches, _ = read(a_source(server.feed("/rss", FEED, Cache_Control="max-age=1800")))
    assert batches[-1].next_check == NOW + timedelta(minutes=30)


def test_the_same_page_twice_has_the_same_identities(server: FeedServer) -> None:
    url = server.feed(
        "/rss", rss(item(1), item(2, guid=""), "<title>Tanpa alamat</title>", "<description>x</description>")
    )
    first, source = read(a_source(url))
    second, _ = read(source)

    assert [m.key for b in first for m in b.mentions] == [m.key for b in second for m in b.mentions]
    assert len({m.key for b in first for m in b.mentions}) == 4


def test_a_query_keeps_what_matches_and_counts_everything(server: FeedServer) -> None:
    url = server.feed("/rss", rss(item(1, title="Banjir di pasar"), item(2, title="Konser musik")))
    batches, _ = read(a_source(url, query="banjir OR longsor"))

    assert [mention.title for mention in batches[0].mentions] == ["Banjir di pasar"]
    assert batches[0].seen == 2


def test_a_bad_query_stops_the_source_with_its_place() -> None:
    with pytest.raises(PermanentError, match=r"position|character"):
        read(a_source("https://warta.example/rss", query="banjir AND AND"))


def test_an_unknown_identity_policy_is_said_in_words(server: FeedServer) -> None:
    with pytest.raises(PermanentError, match="identity"):
        read(a_source(server.feed("/rss", FEED), options={"identity": "nomor"}))


def test_nothing_on_disk_can_be_read_as_a_feed(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(FEED)

    assert failure(str(file)).problem is Problem.BAD_ADDRESS
