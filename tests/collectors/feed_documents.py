"""Documents in, mentions out, without a network."""

from __future__ import annotations

import json
from typing import Any

from collectors.feeds import parse
from sahut.core.model import Batch, Mention
from tests.builders import NOW
from tests.collectors.feed_server import rss

URL = "https://warta.example/kota/rss.xml"
# One invented item in every format.
FORMATS = {
    "rss 0.91": b"""<?xml version="1.0"?><rss version="0.91"><channel><title>W</title>
        <item><title>Jalan rusak</title><link>https://warta.example/1</link></item></channel></rss>""",
    "rss 1.0": b"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>W</title></channel>
        <item rdf:about="https://warta.example/1"><title>Jalan rusak</title><link>https://warta.example/1</link></item>
        </rdf:RDF>""",
    "rss 2.0": rss(
        "<title>Jalan rusak</title><link>https://warta.example/1</link><guid>https://warta.example/1</guid>"
    ),
    "atom": b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title><entry><id>https://warta.example/1</id>
        <title>Jalan rusak</title><link href="https://warta.example/1"/></entry></feed>""",
    "json feed": json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "W",
            "items": [{"id": "https://warta.example/1", "url": "https://warta.example/1", "title": "Jalan rusak"}],
        }
    ).encode(),
}


def parsed(body: bytes, **over: Any) -> Batch:
    return parse(body, **{"url": URL, "content_type": None, "fetched_at": NOW, **over})


def only(body: bytes, **over: Any) -> Mention:
    batch = parsed(body, **over)
    assert len(batch.mentions) == 1
    return batch.mentions[0]
