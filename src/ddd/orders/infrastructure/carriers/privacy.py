"""A carrier's words, freed of the person they may repeat, before anybody reads or keeps them.

A reason stands with the shipment and is not blanked when a customer is erased, so it must never hold a person's values.
Every word of the two parties goes, long ones inside of other words too; of the instructions what holds a digit (door
codes, telephone numbers) and the whole, for their words are everybody's.
"""

import re
from collections.abc import Iterable, Iterator

from ddd.orders.application.carriers import LabelRequest

MAX_REASON = 300
_HOLE = "…"
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def freed_of(request: LabelRequest, words: Iterable[str]) -> str:
    """The words as one text without what is private, at most 300 characters; empty where there are none."""
    said = "; ".join(dict.fromkeys(filter(None, map(_plain, words))))[: 10 * MAX_REASON]
    hidden = sorted({_plain(each) for each in _hidden(request)} - {""}, key=len, reverse=True)
    if hidden:
        said = re.sub("|".join(map(_pattern, hidden)), _HOLE, said, flags=re.IGNORECASE)
    said = re.sub(r"…(?:[\s,.@+/-]*…)+", _HOLE, said)
    return said if len(said) <= MAX_REASON else said[: MAX_REASON - 1] + _HOLE


def _hidden(request: LabelRequest) -> Iterator[str]:
    for text in request.parties_texts:
        yield text
        yield from (word for word in _WORD.findall(text) if len(word) > 1 or word.isdigit())
        yield from _number(text)
    if request.instructions:
        yield request.instructions
        yield from (word for word in _WORD.findall(request.instructions) if any(map(str.isdigit, word)))
        yield from _number(request.instructions)


def _number(text: str) -> Iterator[str]:
    """A telephone number as it is written without its signs, whole and without a country's prefix."""
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 7:
        yield from (digits, digits[-7:])


def _pattern(word: str) -> str:
    escaped = re.escape(word)
    return escaped if len(word) >= 4 or not word.isascii() else rf"(?<!\w){escaped}(?!\w)"


def _plain(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
