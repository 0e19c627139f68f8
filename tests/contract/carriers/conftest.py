"""Each carrier's server, started for one test."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.carriers.cases import CASES, Counter, desk


@pytest.fixture
def open_counter() -> Iterator[Callable[[str], Counter]]:
    """A counter by the carrier's name."""
    opened: list[Counter] = []

    def open_(name: str) -> Counter:
        case = next(case for case in CASES if case.name == name)
        vendor = case.vendor()
        opened.append(Counter(case, vendor, desk(vendor), case.account(vendor)))
        return opened[-1]

    yield open_
    for counter in opened:
        counter.vendor.close()


@pytest.fixture(params=[case.name for case in CASES])
def counter(request: pytest.FixtureRequest, open_counter: Callable[[str], Counter]) -> Counter:
    """Each carrier in turn."""
    return open_counter(request.param)
