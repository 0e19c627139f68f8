"""What a tenant writes in place of code: conditions over facts, and patterns over names."""

from typing import Protocol

from ddd.shared.domain.facts import Facts, Failed

#: Longest condition, in bytes of UTF-8, and longest pattern, in characters.
MAX_CONDITION_BYTES = 1_000
MAX_PATTERN = 255


class Conditions(Protocol):
    """Boolean expressions in CEL (the Common Expression Language, cel.dev) over declared facts."""

    def check(self, expression: str) -> str | None:
        """What is wrong with the expression, as a sentence: its syntax, an undeclared name, a wrong type; or None."""
        ...

    def evaluate(self, expression: str, facts: Facts) -> bool | Failed:
        """Whether it holds. An expression that `check` objects to, and an error while it runs, is `Failed`."""
        ...


class Patterns(Protocol):
    """Regular expressions in time linear in the text, whatever the pattern."""

    def check(self, pattern: str) -> str | None:
        """What is wrong with the pattern, as a sentence, or None."""
        ...

    def matches(self, pattern: str, text: str) -> bool:
        """Whether the pattern matches the whole text. A pattern that `check` objects to raises ValueError."""
        ...
