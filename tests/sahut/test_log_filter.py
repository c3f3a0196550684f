"""The log shows no secret, whichever library writes it."""

from __future__ import annotations

import http.server
import logging
import subprocess
import sys
from collections.abc import Iterator
from threading import Thread

import pytest

from sahut.cli.log_filter import hide_secrets

SECRET = "s3cr3tValue12345"

SCRIPT = """
import logging, sys
from sahut.cli.output import start_log
start_log("debug")
import httpx, urllib3
import collectors._telegram_line
url, secret = sys.argv[1:]
headers = {"Authorization": f"Bearer {secret}"}
httpx.get(f"{url}/bot12:{secret}/getMe", params={"access_token": secret, "q": "jalan"}, headers=headers)
urllib3.PoolManager().request("GET", f"{url}/me?access_token={secret}&q=jalan")
logging.getLogger("telegram.Bot").debug("Calling `%s`, %s", f"{url}/bot12:{secret}/getMe", {"secret_token": secret})
logging.getLogger("tweepy.client").warning("Headers: %s", {"Authorization": f"OAuth {secret}", "n": 1})
logging.getLogger("prawcore").debug("broken %d", secret)
try:
    raise ValueError(f"401 for url '{url}/x?token={secret}'")
except ValueError:
    logging.getLogger("sahut.jobs").exception("unexpected error")
"""


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Set-Cookie", f"sid={SECRET}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_at_level_debug_no_library_writes_a_query_or_a_secret(address: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, address, SECRET], capture_output=True, text=True, check=True, timeout=60
    )
    assert SECRET not in done.stderr
    assert "jalan" not in done.stderr
    for name in ("httpx", "httpcore", "urllib3", "telegram.Bot", "tweepy.client", "prawcore", "sahut.jobs"):
        assert f" {name}" in done.stderr
    assert "/me?…" in done.stderr
    assert "ValueError" in done.stderr


def test_what_is_no_secret_is_left_as_it_is() -> None:
    record = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, "Ready on %s, is it?", ("http://a:80",), None)
    assert hide_secrets(record)
    assert record.getMessage() == "Ready on http://a:80, is it?"


@pytest.mark.parametrize("name", ["sahut.jobs", "httpx"])
def test_numbers_of_persons_are_masked_whoever_logs_them(name: str) -> None:
    said = ("no date in %s", "hubungi 081234567890")
    try:
        raise ValueError("hubungi 081234567890")  # noqa: TRY301 - it is the traceback that is looked at
    except ValueError:
        record = logging.LogRecord(name, logging.INFO, "", 0, said[0], (said[1],), sys.exc_info())
    assert hide_secrets(record)
    assert record.getMessage() == "no date in hubungi •••••••••890"
    assert "081234567890" not in logging.Formatter().format(record)
