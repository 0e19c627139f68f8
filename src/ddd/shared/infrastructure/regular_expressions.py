"""Patterns by RE2 (`google-re2`): time linear in the text, memory bounded, no backtracking and so no way to hang."""

from functools import lru_cache
from typing import Any

import re2

from ddd.shared.application.conditions import MAX_PATTERN
from ddd.shared.domain.text import is_storable

#: RE2 refuses a pattern whose program needs more, and falls back to slower, still linear ways while it runs.
_MAX_MEMORY = 1 << 20
_CACHED = 4_096


class Re2Patterns:
    """See `ddd.shared.application.conditions.Patterns`. Safe for threads; compiled patterns are remembered."""

    def check(self, pattern: str) -> str | None:
        compiled = _compiled(pattern)
        return compiled if isinstance(compiled, str) else None

    def matches(self, pattern: str, text: str) -> bool:
        compiled = _compiled(pattern)
        if isinstance(compiled, str):
            raise ValueError(compiled)
        return is_storable(text) and compiled.fullmatch(text) is not None


@lru_cache(maxsize=_CACHED)
def _compiled(pattern: str) -> Any:
    """The compiled pattern, or what is wrong with it."""
    if not is_storable(pattern):
        return "The text holds a NUL or a lone surrogate."
    if len(pattern) > MAX_PATTERN:
        return f"At most {MAX_PATTERN} characters are allowed."
    if not pattern:
        return "This must not be blank."
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "cannot be read"
        return f"This is no regular expression: {reason.decode() if isinstance(reason, bytes) else reason}."
