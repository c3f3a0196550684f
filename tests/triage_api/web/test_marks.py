"""The words that decided, marked on the board: in the right place, whatever the text is, and safely."""

import html
import re

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from sahut.core.model import Mention, MentionRecord, MentionState, WhySpan
from tests.builders import NOW, a_mention
from tests.triage_api.conftest import World
from triage_api.web import hostile
from triage_api.web.marks import shown

TAGS = re.compile(r"</?mark>")


def record(mention: Mention, *spans: WhySpan) -> MentionRecord:
    return MentionRecord(
        id=1, mention=mention, source_id=1, source_name="kota", state=MentionState.FLAGGED, version=1, edited=0,
        first_id=None, folded=False, similar=0, kind=None, sentiment=None, topic=None, urgent=0.0, score=0.9,
        priority=0, model="m", ticket_id=None, updated_at=NOW, why=spans,
    )  # fmt: skip


def explained(mention: Mention, *words: str, weight: float = 1.0) -> MentionRecord:
    """Flagged for these words of its body."""
    at = [mention.body.index(word) for word in words]
    return record(
        mention,
        *(
            WhySpan(start=start, end=start + len(word), weight=weight)
            for start, word in sorted(zip(at, words, strict=True))
        ),
    )


def marked(page: str) -> list[str]:
    return [html.unescape(re.sub("<[^>]+>", "", found)) for found in re.findall("<mark>(.*?)</mark>", page, re.DOTALL)]


def test_the_words_are_marked_where_they_stand_in_title_and_text() -> None:
    mention = a_mention("Lampu di gang kami padam, tolong diperbaiki", title="Gang gelap   lagi")
    found = shown(explained(mention, "lagi", "padam", "tolong diperbaiki"))
    assert found.title == "Gang gelap <mark>lagi</mark>"
    assert found.head == "Lampu di gang kami <mark>padam</mark>, <mark>tolong diperbaiki</mark>"
    assert found.words == ["lagi", "padam", "tolong diperbaiki"]


def test_what_spoke_against_it_is_not_marked() -> None:
    found = shown(explained(a_mention("Lampu padam? Bercanda kok"), "Bercanda", weight=-1.0))
    assert (found.head, found.words) == ("Lampu padam? Bercanda kok", [])


@pytest.mark.parametrize(
    ("text", "word", "page"),
    [
        ("a <b>rusak</b> & parah", "rusak", "a &lt;b&gt;<mark>rusak</mark>&lt;/b&gt; &amp; parah"),
        ("<script>alert(1)</script>", "<script>", "<mark>&lt;script&gt;</mark>alert(1)&lt;/script&gt;"),
        ("air ru\u200bsak \u202eparah\u202c ya", "ru\u200bsak", "air <mark>rusak</mark> parah ya"),
        ("air \u202erusak\u202c parah", "parah", "air rusak <mark>parah</mark>"),
        ("\u2066\u2066 \r\n\x07 air\r\nrusak", "rusak", "air\n<mark>rusak</mark>"),
        ("x\u0301\u0301\u0301\u0301\u0301\u0301 rusak", "rusak", "x\u0301\u0301\u0301 <mark>rusak</mark>"),
        ("rusak 👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧", "rusak <mark>👨\u200d👩\u200d👧</mark>"),
        ("\ud800 rusak", "rusak", "\ufffd <mark>rusak</mark>"),
    ],
)
def test_marks_keep_their_place_through_what_is_taken_out_and_escaped(text: str, word: str, page: str) -> None:
    assert shown(explained(a_mention(text), word)).head == page


def test_a_link_is_marked_whole_or_not_at_all() -> None:
    text = "rusak https://a.example/rusak-parah lagi"
    link = hostile.link("https://a.example/rusak-parah")
    assert shown(explained(a_mention(text), "rusak-parah")).head == f"rusak {link} lagi"
    assert shown(explained(a_mention(text), "https://a.example/rusak-parah")).head == f"rusak <mark>{link}</mark> lagi"
    assert shown(explained(a_mention(text), text)).head == (f"<mark>rusak </mark><mark>{link}</mark><mark> lagi</mark>")


def test_a_mark_may_stand_behind_the_fold_or_across_it() -> None:
    text = "  " + "kata " * 90 + "padam sekali"
    found = shown(explained(a_mention(text), "padam"))
    assert marked(found.head) == []
    assert marked(found.rest) == ["padam"]
    across = shown(record(a_mention(text), WhySpan(start=2, end=len(text), weight=1.0)))
    assert (len(marked(across.head)), len(marked(across.rest))) == (1, 1)
    whole = shown(explained(a_mention(text), "padam"), short=False)
    assert (marked(whole.head), whole.rest) == (["padam"], "")


@given(
    st.text(st.characters(codec=None) | st.sampled_from("\u200b\u202e\u200d\r\n\x07<>&\"' \u0301👩"), max_size=600),
    st.text(max_size=40),
    st.data(),
)
def test_marks_change_nothing_but_what_they_mark(text: str, title: str, data: st.DataObject) -> None:
    mention = a_mention(text or "x", title=title)
    ends = sorted(data.draw(st.sets(st.integers(0, len(mention.body)), max_size=6)))
    spans = [WhySpan(start=a, end=b, weight=1.0) for a, b in zip(ends[::2], ends[1::2], strict=False)]
    bare, found = shown(record(mention)), shown(record(mention, *spans))
    for part in ("title", "head", "rest"):
        page = getattr(found, part)
        assert TAGS.sub("", page) == getattr(bare, part)
        assert page.count("<mark>") == page.count("</mark>")
    for word in found.words:
        assert hostile.line(word) == word != ""


def _signed(world: World) -> TestClient:
    client, _csrf = world.signed_in()
    client.headers["accept"] = "text/html"
    return client


def test_the_queue_and_the_page_of_a_mention_mark_the_words_and_say_what_the_marks_mean(world: World) -> None:
    (one,) = world.flagged(1, "Lampu <i>jalan</i> padam sejak Senin, tolong diperbaiki")
    client = _signed(world)
    for path in ("/", f"/mentions/{one}"):
        assert "Kata yang menentukan" not in client.get(path).text
    world.explain(one, "padam", "tolong")

    queue = client.get("/").text
    assert marked(queue) == ["Kata yang menentukan", "padam", "tolong"]
    assert '<p class="unseen">Kata yang menentukan: padam, tolong.</p>' in queue
    page = client.get(f"/mentions/{one}").text
    assert "Lampu &lt;i&gt;jalan&lt;/i&gt; <mark>padam</mark> sejak Senin, <mark>tolong</mark> diperbaiki" in page
    assert re.search(r"Kata yang menentukan: <mark dir=\"auto\">padam</mark>, <mark dir=\"auto\">tolong</mark>", page)
    rule = re.search(r"^mark \{([^}]*)\}", _css(client, page), re.MULTILINE)
    assert rule is not None
    assert "underline" in rule.group(1), "a colour alone says nothing to many"
    assert "font-weight" in rule.group(1)


def _css(client: TestClient, page: str) -> str:
    path = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert path is not None
    return client.get(path.group(1)).text
