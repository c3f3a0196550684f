"""Cells of tables that people open in a spreadsheet, which takes some texts for formulas and runs them."""

from __future__ import annotations

# What a spreadsheet reads as the beginning of a formula; a tab or line end before it is skipped over.
_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_MARK = "'"


def cell(text: str) -> str:
    """The text as a spreadsheet shows it and never reckons it: with an apostrophe before what looks like a formula.

    A text that itself begins so (``'=``) gets one too, so that `text_of` gives every text back as it was.
    """
    return _MARK + text if text.lstrip(_MARK).startswith(_BEGINS) else text


def text_of(cell: str) -> str:
    """The text of a cell that `cell` made; any other one as it is."""
    return cell[1:] if cell.startswith(_MARK) and cell.lstrip(_MARK).startswith(_BEGINS) else cell
