"""Persons who ask what is held of them, or to be erased."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on a platform, by ``handle``, or by the ``link`` of a post of theirs: then that post alone is meant."""

    platform: str
    handle: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCounts:
    """How much is held of a person.

    ``named`` are other people's texts that name the handle, ``set_aside`` items that could not be read and hold it,
    ``brought`` files on their way in that do.
    ``erased``: what they write is not collected any more.
    """

    mentions: int = 0
    versions: int = 0
    replies: int = 0
    tickets: int = 0
    named: int = 0
    set_aside: int = 0
    brought: int = 0
    erased: bool = False
