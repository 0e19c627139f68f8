"""Text from outside: what PostgreSQL cannot hold or nobody should send is refused at its path."""

import re

#: NUL (PostgreSQL's text cannot hold it) and lone surrogates (no UTF-8 form, RFC 3629 §3).
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
MAX_TEXT = 255
MAX_NOTE = 5_000


def is_storable(text: str) -> bool:
    """Whether the text can be stored and sent as UTF-8."""
    return (text.isascii() and "\x00" not in text) or _UNSTORABLE.search(text) is None


def fault_of(text: str, *, limit: int = MAX_TEXT, required: bool = False) -> str | None:
    """What is wrong with the text, as a sentence, or None. `limit` counts Unicode code points."""
    if len(text) > limit:
        return f"At most {limit} characters are allowed."
    if not is_storable(text):
        return "The text holds a NUL or a lone surrogate."
    if required and not text.strip():
        return "This must not be blank."
    return None
