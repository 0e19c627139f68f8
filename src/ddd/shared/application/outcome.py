"""What a command answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ddd.shared.domain.errors import Refusal

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """The changed object, or why nothing changed. `replayed`: the idempotency key had been used."""

    value: T | None
    errors: tuple[Refusal, ...] = ()
    replayed: bool = False

    def map(self, build: Callable[[T], U]) -> "Outcome[U]":
        return Outcome(None if self.value is None else build(self.value), self.errors, self.replayed)
