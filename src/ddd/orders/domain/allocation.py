"""Which branch serves which line. Each line comes from one branch."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

#: sku -> branch code -> units available (on hand and not reserved)
Availability = Mapping[str, Mapping[str, int]]


class Demand(NamedTuple):
    line_no: int
    sku: str
    quantity: int


def allocate(
    demands: Sequence[Demand], branches: Sequence[str], available: Availability
) -> dict[int, str] | tuple[int, ...]:
    """Branch code by line number, or the line numbers that no branch can serve.

    `branches` in the order in which they are tried. The first that has every line serves all; else line by line.
    """

    def serves(branch: str, demand: Demand) -> bool:
        return available.get(demand.sku, {}).get(branch, 0) >= demand.quantity

    for branch in branches:
        if all(serves(branch, demand) for demand in demands):
            return {demand.line_no: branch for demand in demands}
    chosen: dict[int, str] = {}
    short: list[int] = []
    for demand in demands:
        serving = next((branch for branch in branches if serves(branch, demand)), None)
        if serving is None:
            short.append(demand.line_no)
        else:
            chosen[demand.line_no] = serving
    return tuple(short) if short else chosen
