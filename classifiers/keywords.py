"""The baseline: words that complaints use, counted. It needs no model, and every other classifier must beat it.

Scores are squashed counts, not calibrated probabilities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from classifiers._text import clean
from sahut.core.model import Assessment, Kind, Sentiment, Topic

Word = TypeVar("Word", bound=StrEnum)

_KINDS: Mapping[Kind, str] = {
    Kind.COMPLAINT: r"rusak|mati|padam|bolong|berlubang|macet|mampet|bau|menumpuk|belum (?:di|ada)|tidak bisa|"
    r"gak? bisa|kapan (?:di)?(?:perbaiki|nyala)|tolong|mohon|keluh\w*|lapor|broken|not working",
    Kind.ASPIRATION: r"semoga|sebaiknya|seharusnya|usul|saran|harap\w*|alangkah|should|please add",
    Kind.INQUIRY: r"apakah|bagaimana|gimana|berapa|kapan|syarat|jam berapa|info(?:nya)?|how (?:do|can)|when|where",
    Kind.PRAISE: r"terima ?kasih|makasih|mantap|bagus|keren|cepat tanggap|thank(?:s| you)",
    Kind.NEWS: r"polisi|warga|menurut|wakil|bupati|gubernur|kata dia|diketahui|imbau|http",
}
_SENTIMENTS: Mapping[Sentiment, str] = {
    Sentiment.NEGATIVE: r"rusak|mati|parah|kecewa|buruk|lambat|bau|macet|kesal|capek|payah|bad|worst|terrible",
    Sentiment.POSITIVE: r"terima ?kasih|makasih|bagus|mantap|senang|keren|cepat|puas|good|great|thank(?:s| you)",
}
_TOPICS: Mapping[Topic, str] = {
    Topic.ROADS: r"jalan(?:an)?|aspal|lubang|jembatan|trotoar|road",
    Topic.STREET_LIGHTING: r"pju|penerangan jalan|lampu jalan",
    Topic.DRAINAGE_FLOOD: r"banjir|genangan|selokan|gorong|saluran|drainase|flood",
    Topic.WATER_SUPPLY: r"pdam|air (?:mati|keruh|bersih)|ledeng",
    Topic.ELECTRICITY: r"pln|listrik|mati lampu|padam|token",
    Topic.WASTE: r"sampah|tps|tpa|garbage",
    Topic.ENVIRONMENT: r"pohon|taman|polusi|asap|limbah|bising",
    Topic.TRANSPORT_TRAFFIC: r"macet|kereta|krl|bus(?:way)?|halte|parkir|lampu merah|stasiun|train",
    Topic.CIVIL_REGISTRATION: r"ktp|kk|akta|paspor|sim|stnk|dukcapil",
    Topic.SOCIAL_AID: r"bansos|pkh|blt|mbg|makan(?:an)? gratis|subsidi",
    Topic.HEALTH: r"bpjs|puskesmas|rumah sakit|rsud|dokter|hospital",
    Topic.EDUCATION: r"sekolah|ppdb|guru|siswa|kampus|school",
    Topic.EMPLOYMENT: r"lowongan|phk|upah|disnaker|gaji",
    Topic.LICENSING_TAX: r"izin|pajak|pbb|perizinan|tax",
    Topic.HOUSING_LAND: r"rusun|tanah|sertifikat|rumah layak",
    Topic.PUBLIC_ORDER: r"maling|begal|tawuran|pkl|kebakaran|demo",
    Topic.INTEGRITY: r"pungli|korupsi|suap|calo|bribe",
    Topic.DIGITAL_TELECOM: r"aplikasi|website|login|server|internet|sinyal|otp",
}
_URGENT = re.compile(
    r"\b(?:terjebak|tersengat|darurat|evakuasi|kabel (?:putus|menjuntai)|tolong segera|korban)\b", re.IGNORECASE
)


def _compiled(patterns: Mapping[Word, str]) -> dict[Word, re.Pattern[str]]:
    return {word: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for word, pattern in patterns.items()}


class KeywordClassifier:
    """Counts keywords. ``model_dir`` and ``threads`` are taken as every classifier takes them, and not needed."""

    name = "keywords"
    model = "keywords@1"

    def __init__(self, model_dir: Path | None = None, *, threads: int = 1) -> None:
        del model_dir, threads
        self._kinds = _compiled(_KINDS)
        self._sentiments = _compiled(_SENTIMENTS)
        self._topics = _compiled(_TOPICS)

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        """One assessment per text, in order."""
        return [self._assessment(clean(text)) for text in texts]

    def _assessment(self, text: str) -> Assessment:
        return Assessment(
            kinds=_shares(self._kinds, Kind.OTHER, Kind, text),
            sentiments=_shares(self._sentiments, Sentiment.NEUTRAL, Sentiment, text),
            topics=_shares(self._topics, Topic.OTHER, Topic, text),
            urgent=0.9 if _URGENT.search(text) else 0.01,
            model=self.model,
        )


def _shares(
    patterns: Mapping[Word, re.Pattern[str]], fallback: Word, words: type[Word], text: str
) -> dict[Word, float]:
    """Hits by word, the fallback counting as one hit, as shares with a little left for every word."""
    hits = dict.fromkeys(words, 0.05)
    hits[fallback] += 1.0
    for word, pattern in patterns.items():
        hits[word] += 2.0 * len(set(pattern.findall(text)))
    total = sum(hits.values())
    return {word: count / total for word, count in hits.items()}
