"""What an evaluation says in words, Indonesian and English. Labels are the board's; a test holds the two together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers._corpus import CLASSES, UNKNOWN
from classifiers._labelled import LabelledRow
from sahut.core.model import Kind

_FEW = 30

INDONESIAN = {
    "kind": {
        "complaint": "Pengaduan",
        "aspiration": "Aspirasi",
        "inquiry": "Permintaan informasi",
        "praise": "Apresiasi",
        "news": "Berita",
        "other": "Lainnya",
    },
    "sentiment": {"negative": "Negatif", "neutral": "Netral", "positive": "Positif"},
    "topic": {
        "roads": "Jalan dan jembatan",
        "street_lighting": "Penerangan jalan",
        "drainage_flood": "Drainase dan banjir",
        "water_supply": "Air bersih",
        "electricity": "Listrik",
        "waste": "Sampah dan kebersihan",
        "environment": "Lingkungan dan pencemaran",
        "transport_traffic": "Transportasi dan lalu lintas",
        "civil_registration": "KTP, KK, dan akta",
        "social_aid": "Bantuan sosial",
        "health": "Kesehatan",
        "education": "Pendidikan",
        "employment": "Ketenagakerjaan",
        "licensing_tax": "Perizinan dan pajak",
        "housing_land": "Perumahan dan pertanahan",
        "public_order": "Ketertiban umum",
        "integrity": "Pungli dan integritas",
        "digital_telecom": "Internet dan layanan digital",
        "other": "Topik lain",
    },
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about the figures, in both languages."""

    indonesian: str
    english: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a measure is called on the report, and what it means to somebody who knows no statistics."""

    name: Note
    meaning: Note


_PLURALS = {
    Kind.COMPLAINT: "complaints",
    Kind.ASPIRATION: "aspirations",
    Kind.INQUIRY: "inquiries",
    Kind.PRAISE: "praise",
    Kind.NEWS: "news",
    Kind.OTHER: "others",
}


def word(head: str, label: str) -> Note:
    """A label in both languages; ``head`` is kind, sentiment or topic."""
    return Note(INDONESIAN[head][label], label.replace("_", " "))


def kinds_in_words(kinds: Sequence[Kind]) -> Note:
    """``kinds`` within a sentence: "pengaduan atau aspirasi", "complaints or aspirations"."""
    return Note(
        " atau ".join(INDONESIAN["kind"][kind].lower() for kind in kinds), " or ".join(_PLURALS[kind] for kind in kinds)
    )


_CLASS_NAMES = {"kind": ("jenis", "kind"), "sentiment": ("sentimen", "sentiment"), "topic": ("topik", "topic")}

MEANINGS: dict[str, Meaning] = {
    "complaint precision": Meaning(
        Note("Pengaduan: ketepatan", "Complaint: precision"),
        Note(
            "Dari semua yang disebut pengaduan, berapa bagian yang memang pengaduan.",
            "Of all that is called a complaint, the share that is one.",
        ),
    ),
    "complaint recall": Meaning(
        Note("Pengaduan: keterjaringan", "Complaint: recall"),
        Note("Dari semua pengaduan, berapa bagian yang terjaring.", "Of all complaints, the share that is caught."),
    ),
    "complaint F1": Meaning(
        Note("Pengaduan: F1", "Complaint: F1"),
        Note(
            "Ketepatan dan keterjaringan dalam satu angka; rendah bila salah satunya rendah.",
            "Precision and recall in one figure; low as soon as one of them is.",
        ),
    ),
    "complaint macro-F1": Meaning(
        Note("Pengaduan atau bukan: F1 rata-rata", "Complaint or not: macro-F1"),
        Note(
            "F1 untuk pengaduan dan untuk bukan pengaduan, dirata-rata.", "F1 of complaints and of the rest, averaged."
        ),
    ),
    "complaint average precision": Meaning(
        Note("Pengaduan: ketepatan rata-rata", "Complaint: average precision"),
        Note(
            "Ketepatan di semua ambang sekaligus: apakah pengaduan berada di urutan teratas.",
            "Precision over all thresholds at once: whether complaints come first in the order.",
        ),
    ),
    "complaint AUC": Meaning(
        Note("Pengaduan: AUC", "Complaint: AUC"),
        Note(
            "Peluang bahwa sebuah pengaduan mendapat nilai lebih tinggi daripada yang bukan; 0,5 berarti asal tebak.",
            "How often a complaint scores higher than something else; 0.5 is guessing.",
        ),
    ),
    "complaint precision at recall 0.90": Meaning(
        Note("Pengaduan: ketepatan saat 90 % terjaring", "Complaint: precision at recall 0.90"),
        Note(
            "Bila ambang dipilih sehingga 90 dari 100 pengaduan terjaring, seberapa tepat sisanya.",
            "With the threshold at which 90 of 100 complaints are caught, the share that is right.",
        ),
    ),
    "complaint calibration error": Meaning(
        Note("Pengaduan: galat peluang", "Complaint: calibration error"),
        Note(
            "Jarak rata-rata antara peluang yang disebut dan kenyataan. Makin kecil makin baik.",
            "Mean gap between the probability that is stated and what happens. Smaller is better.",
        ),
    ),
    "urgent average precision": Meaning(
        Note("Darurat: ketepatan rata-rata", "Urgent: average precision"),
        Note("Apakah yang darurat berada di urutan teratas.", "Whether what is urgent comes first in the order."),
    ),
}
for _head, (_indonesian, _english) in _CLASS_NAMES.items():
    MEANINGS[f"{_head} macro-F1"] = Meaning(
        Note(f"{_indonesian.capitalize()}: F1 rata-rata", f"{_english.capitalize()}: macro-F1"),
        Note(
            "F1 setiap golongan, dirata-rata: golongan kecil dihitung sama berat.",
            "F1 of each class, averaged: small classes count as much as large ones.",
        ),
    )
    MEANINGS[f"{_head} accuracy"] = Meaning(
        Note(f"{_indonesian.capitalize()}: benar", f"{_english.capitalize()}: accuracy"),
        Note(f"Bagian baris yang {_indonesian}nya benar.", f"Share of rows whose {_english} is right."),
    )


NO_BASELINE = Note(
    "Barisnya terlalu sedikit untuk pembanding: perlu sepuluh baris dari sedikitnya dua golongan.",
    "There are too few rows for a baseline: it takes ten rows of at least two classes.",
)


def notes_on(rows: Sequence[LabelledRow], labels: NDArray[np.float64], kinds: Sequence[Kind]) -> list[Note]:
    """What the labels of ``rows`` do not allow to measure, or only roughly; ``labels``: 1 for wanted."""
    return [*_on_wanted(labels, kinds), *_on_heads(rows)]


def _on_wanted(labels: NDArray[np.float64], kinds: Sequence[Kind]) -> list[Note]:
    what, positives = kinds_in_words(kinds), int(labels.sum())
    if not len(labels):
        return [
            Note(
                f"Tidak ada baris yang menyebut {what.indonesian} atau bukan, jadi ambang tidak dapat diusulkan.",
                f"No row says whether it belongs to the {what.english} or not, so no cut-off can be proposed.",
            )
        ]
    if not positives:
        return [
            Note(
                f"Tidak satu pun dari {len(labels)} baris berlabel {what.indonesian}: yang terjaring tidak dapat "
                "diukur dan ambang tidak dapat diusulkan.",
                f"There are no {what.english} among the {len(labels)} rows: recall cannot be measured and no cut-off "
                "proposed.",
            )
        ]
    if positives == len(labels):
        return [
            Note(
                f"Semua {len(labels)} baris berlabel {what.indonesian}: ketepatan tidak dapat diukur dan ambang tidak "
                "dapat diusulkan. Tambahkan sebutan lain dari aliran yang sama.",
                f"There are only {what.english} among the {len(labels)} rows: precision cannot be measured and no "
                "cut-off proposed. Add other mentions of the same stream.",
            )
        ]
    if positives < _FEW:
        return [
            Note(
                f"Baris berlabel {what.indonesian} hanya sedikit ({positives}): selangnya lebar, ambang "
                "usulan ancar-ancar saja.",
                f"There are few {what.english} among the rows ({positives}): the intervals are wide, the proposed "
                "cut-off is a rough guide.",
            )
        ]
    return []


def _on_heads(rows: Sequence[LabelledRow]) -> list[Note]:
    found = []
    for head, words in CLASSES.items():
        seen = {getattr(row, head) for row in rows} - {UNKNOWN}
        if len(seen) == 1:
            only = word(head, words[seen.pop()])
            found.append(
                Note(
                    f"Semua label {_CLASS_NAMES[head][0]} sama ({only.indonesian}): hanya bagian yang benar diukur.",
                    f"All labels of {head} are the same ({only.english}), so only the accuracy is measured.",
                )
            )
    urgent = {row.urgent for row in rows} - {UNKNOWN}
    if len(urgent) == 1:
        found.append(
            Note(
                "Label darurat semuanya sama, jadi urutannya tidak dapat diukur.",
                "All labels of urgent are the same, so its ranking cannot be measured.",
            )
        )
    return found
