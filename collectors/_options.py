"""What an operator said of a source, read alike for every platform: its filter, and options that are spans of days.

Options come as text from the command line and as values from files and the API; both are taken.
"""

from __future__ import annotations

from datetime import timedelta

from collectors._query import Matches, compiled
from sahut.core.errors import PermanentError, SettingsError
from sahut.core.model import Problem, Source

TEN_YEARS = 3_650.0


def bad(source: Source, words: str) -> PermanentError:
    """The error for a source whose settings make no sense."""
    return PermanentError(f"source '{source.name}': {words}", problem=Problem.BAD_SETTINGS)


def filter_of(source: Source) -> Matches:
    """The source's own filter. Raises PermanentError that says what is wrong with it."""
    try:
        return compiled(source.query)
    except SettingsError as error:
        raise bad(source, error.message) from error


def days(
    source: Source, option: str, default: float, *, most: float = TEN_YEARS, none_allowed: bool = True
) -> timedelta:
    """The option as a span from 0 to ``most`` days; ``default`` where it is not set. Raises PermanentError.

    Without ``none_allowed`` 0 is refused too.
    """
    said = source.options.get(option, default)
    try:
        if isinstance(said, bool):
            raise TypeError  # noqa: TRY301 - a truth is no number here
        number = float(said)
        span = timedelta(days=number)
    except (TypeError, ValueError, OverflowError) as error:
        raise bad(source, f"options.{option} is '{said}', which is no number of days") from error
    if not 0 <= number <= most or not (number or none_allowed):
        raise bad(source, f"options.{option} is '{said}'; it is a number of days up to {most:g}")
    return span
