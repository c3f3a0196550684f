"""The pictures of an evaluation, as SVG and PNG. Words are Indonesian first, English second.

Every colour stands for a role (COLOURS), so that the report can let its theme decide.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, MultipleLocator

from classifiers._cutoffs import Flagging
from classifiers._measures import BINS, Figure
from classifiers._words import kinds_in_words, word
from classifiers.evaluate import Confusion, Evaluation

# Role → colour on white. Each occurs in no other role: the report finds them again by their value.
COLOURS = {
    "ink": "#17201f",
    "soft": "#55605e",
    "line": "#d9dedd",
    "accent": "#0b6b63",
    "accent-ink": "#fffffe",
    "amber": "#7d5200",
    "sheet": "#ffffff",
}
_INK, _SOFT, _LINE, _ACCENT, _ON_ACCENT, _AMBER, _SHEET = COLOURS.values()
_STYLE = {
    "axes.edgecolor": _LINE,
    "axes.facecolor": "none",
    "axes.labelcolor": _SOFT,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": _SHEET,
    "font.sans-serif": "DejaVu Sans",
    "font.size": 10,
    "svg.fonttype": "none",  # words stay words: searchable, and in the reader's font
    "svg.hashsalt": "sahut",  # the same evaluation gives the same file
    "text.color": _INK,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "xtick.labelcolor": _SOFT,
    "ytick.labelcolor": _SOFT,
}
_DPI = 200
_SIDE = 5.0  # inches; 360 points wide, so that a phone shows letters at their size
_HALF = 0.5
_LARGE = 8


def draw(found: Evaluation) -> dict[str, Canvas]:
    """File name without suffix → picture, of all that the labels allow."""
    pictures: dict[str, Canvas] = {}
    with rc_context(_STYLE):
        if found.line:
            pictures["precision-recall"] = _precision_recall(found)
        if found.reliability:
            pictures["reliability"] = _reliability(found)
        for head, confusion in found.confusions.items():
            pictures[f"confusion-{head}"] = _confusion(head, confusion)
    return pictures


def svg(picture: Canvas) -> str:
    """The picture as an SVG document."""
    file = io.StringIO()
    with rc_context(_STYLE):
        picture.savefig(file, format="svg", metadata={"Date": None, "Creator": "Sahut"})
    return file.getvalue().replace("'DejaVu Sans', sans-serif", "system-ui, 'Segoe UI', 'Noto Sans', sans-serif")


def write(name: str, picture: Canvas, folder: Path) -> list[Path]:
    """Write NAME.svg and NAME.png into ``folder``; the files. Raises OSError."""
    vector, raster = folder / f"{name}.svg", folder / f"{name}.png"
    vector.write_text(svg(picture), encoding="utf-8")
    with rc_context(_STYLE):
        picture.savefig(raster, dpi=_DPI)
    return [vector, raster]


def _precision_recall(found: Evaluation) -> Canvas:
    what = kinds_in_words(found.kinds)
    picture = Canvas(figsize=(_SIDE, 4.4), layout="constrained")
    axes = picture.subplots()
    _shares(axes)
    recall, precision = zip(*found.line, strict=True)
    axes.plot(recall, precision, color=_ACCENT, linewidth=2)
    if found.cut_off:
        _mark(axes, found.cut_off.effect, "o", f"usulan · proposed ({found.cut_off.threshold:g})")
    if found.in_force:
        _mark(axes, found.in_force, "s", "sekarang · now")
    axes.legend(loc="lower left", frameon=False, labelcolor=_INK, handletextpad=0.2)
    axes.set_xlabel(f"Bagian {what.indonesian} yang terjaring\nShare of {what.english} that are caught (recall)")
    axes.set_ylabel("Bagian yang tepat di antara yang ditandai\nShare of the flagged that is right (precision)")
    return picture


def _mark(axes: Axes, at: Flagging, shape: str, words: str) -> None:
    """A point with the cross of its intervals."""
    axes.errorbar(
        at.recall.value,
        at.precision.value,
        xerr=_whiskers(at.recall),
        yerr=_whiskers(at.precision),
        fmt=shape,
        color=_AMBER,
        markersize=7,
        markerfacecolor=_AMBER if shape == "o" else _SHEET,
        elinewidth=1,
        label=words,
        zorder=3,
    )


def _whiskers(figure: Figure) -> list[list[float]]:
    return [[max(0.0, figure.value - figure.low)], [max(0.0, figure.high - figure.value)]]


def _reliability(found: Evaluation) -> Canvas:
    """Stated against observed share with its interval, by tenths, and below how many rows each tenth has."""
    picture = Canvas(figsize=(_SIDE, 5.4), layout="constrained")
    axes, below = picture.subplots(2, 1, height_ratios=[4, 1], sharex=True)
    _shares(axes)
    _shares(below)
    axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=(0, (4, 3)), label="peluang jujur · as stated")
    tenths = found.reliability
    stated, observed, rows = (
        np.array([getattr(one, name) for one in tenths]) for name in ("stated", "observed", "rows")
    )
    axes.errorbar(
        stated,
        observed,
        # Not below nothing, which rounding may bring about at 0 and 1.
        yerr=np.maximum(0.0, [[one.observed - one.low, one.high - one.observed] for one in tenths]).T,
        fmt="o",
        markersize=6,
        elinewidth=1.2,
        color=_ACCENT,
        zorder=3,
        label="pengklasifikasi · classifier",
    )
    axes.legend(loc="upper left", frameon=False, labelcolor=_INK)
    axes.set_ylabel("Yang ternyata benar\nWhat turned out true")
    centres = (np.floor(np.minimum(stated, 1 - 1e-9) * BINS) + 0.5) / BINS
    below.bar(centres, rows, width=0.8 / BINS, color=_ACCENT, alpha=0.6)
    below.set(ylim=(0, rows.max() * 1.1), ylabel="Baris\nRows", xlabel="Peluang yang disebut\nStated probability")
    below.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    below.yaxis.set_major_formatter("{x:.0f}")
    picture.align_ylabels()
    return picture


def _confusion(head: str, confusion: Confusion) -> Canvas:
    """Labels down, judgements across; a cell is as dark as its share of the label's rows, and says their number."""
    size = len(confusion.labels)
    large = size > _LARGE
    cell = 0.42 if large else 0.46
    counts = np.array(confusion.counts)
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
    picture = Canvas(
        figsize=(max(_SIDE, cell * size + (2.6 if large else 2.2)), max(2.4, cell * size + 1.8)), layout="constrained"
    )
    axes = picture.subplots()
    for (down, across), share in np.ndenumerate(shares):
        if counts[down, across]:
            axes.add_patch(
                Rectangle((across - 0.5, down - 0.5), 1, 1, facecolor=_ACCENT, alpha=0.12 + 0.88 * share, linewidth=0)
            )
            axes.text(
                across,
                down,
                str(counts[down, across]),
                ha="center",
                va="center",
                fontsize=8 if large else 10,
                color=_ON_ACCENT if share > _HALF else _INK,
            )
    words = [word(head, label).indonesian for label in confusion.labels]
    axes.set_xticks(range(size), words, rotation=90 if large else 40, ha="center" if large else "right")
    if not large:
        for label in axes.get_xticklabels():
            label.set_rotation_mode("anchor")
    axes.set_yticks(range(size), words)
    axes.set_xticks(np.arange(size + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(size + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=_LINE, linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), aspect="equal")
    axes.set_xlabel("Menurut pengklasifikasi\njudged by the classifier")
    axes.set_ylabel("Menurut label\nlabelled")
    return picture


def _shares(axes: Axes) -> None:
    """Both axes from nothing to all, in per cent."""
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(0.2))
        axis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.grid(color=_LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=5)
