"""Telling an order's story: people at the running server, and a timeline written down so that it can be compared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from tests.api.living import DOCUMENTS
from tests.api.running import HttpCaller
from tests.api.support import Json

#: An instant in an event's data that is the event's own.
NOW = "NOW"
LOOK = """query($id:ID!) { getOrder(orderId:$id) { id orderNumber status activityStatus paymentStatus workflow{version}
  subtotal{amount} discountTotal{amount} shippingTotal{amount} taxTotal{amount} total{amount currency}
  amountDue{amount} customer{id firstName lastName email} shippingAddress{line1 city country}
  lines{sku vendorId quantity shippedQuantity deliveredQuantity returnedQuantity allocation{branchCode}}
  shipments{id status branchCode carrier trackingReference trackingUrl lines{sku quantity}}
  payments{state amount{amount currency} provider reference} refunds{amount{amount currency} restockingFee{amount}}
  returns{id status reason note lines{sku quantity restocked scrapped}} availableActions{action allowed}
  timeline{sequence at type actor{subject roles} data} } }"""


@dataclass
class Person(HttpCaller):
    """Somebody at one order."""

    order_id: str = ""

    def does(self, operation: str, **given: Any) -> Any:
        """What the operation answers; it must be taken."""
        return self.data(DOCUMENTS[operation], {"input": {"orderId": self.order_id, **given}})

    def may_not(self, operation: str, **given: Any) -> str:
        """The code of the one refusal."""
        ((code, _),) = self.refusals(DOCUMENTS[operation], {"input": {"orderId": self.order_id, **given}})
        return code

    def sees(self) -> Any:
        return self.data(LOOK, {"id": self.order_id})

    def may(self) -> list[str]:
        """What is open to this person now."""
        return [each["action"] for each in self.sees()["availableActions"] if each["allowed"]]


class Told(NamedTuple):
    """One event of a timeline."""

    type: str
    subject: str
    role: str
    data: Json


def told(timeline: Sequence[Json], names: Mapping[str, str], *, since: datetime, until: datetime) -> list[Told]:
    """The whole timeline, ids by their `names`; its numbers have no gaps and its times go forward."""
    assert [each["sequence"] for each in timeline] == list(range(1, len(timeline) + 1))
    times = [datetime.fromisoformat(each["at"]) for each in timeline]
    assert [since, *times, until] == sorted([since, *times, until])
    return [_told(each, at, names) for each, at in zip(timeline, times, strict=True)]


def named(seen: Any, names: Mapping[str, str]) -> Any:
    """The same, where every text that is one of these words is its name."""
    text = json.dumps(seen)
    for word, name in names.items():
        text = text.replace(f'"{word}"', f'"{name}"')
    return json.loads(text)


def _told(event: Json, at: datetime, names: Mapping[str, str]) -> Told:
    (role,) = event["actor"]["roles"]
    return Told(event["type"], event["actor"]["subject"], role, named(event["data"], {**names, at.isoformat(): NOW}))
