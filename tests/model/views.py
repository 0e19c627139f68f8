"""An order as somebody is shown it: what the model expects, and what the server answers, in one form to compare.

Amounts are minor units, parts stand by their ids, times are left out.
"""

from decimal import Decimal
from typing import Any, Final

from tests.model.checkout import SCALES
from tests.model.goods import Fate, Line, Parcel, Refund, Returned
from tests.model.order import Order, Sight
from tests.model.shop import activity

ORDER: Final = """id status activityStatus paymentStatus version currency total{amount} subtotal{amount}
  discountTotal{amount} shippingTotal{amount} taxTotal{amount} amountDue{amount} workflow{version} branchCode
  customer{id} cancellation{reason}
  lines{id lineNo sku quantity lineTotal{amount} tax{amount} vendorId reservedQuantity cancelledQuantity shippedQuantity
    deliveredQuantity returnedQuantity allocation{branchCode quantity}}
  payments{state amount{amount} provider reference}
  shipments{id status branchCode trackingReference lines{orderLineId quantity}}
  returns{id status lines{orderLineId quantity restocked scrapped}}
  refunds{id status amount{amount} restockingFee{amount} returnId lines{orderLineId quantity returned}}
  holds{releasedAt} timeline{sequence type}"""
_TOTALS = ("total", "subtotal", "discountTotal", "shippingTotal", "taxTotal", "amountDue")


def expected(order: Order, sight: Sight) -> dict[str, Any]:
    """What the model says is shown."""
    lines = [line for line in order.lines if sight.sees(line)]
    all_ = order.checkout
    totals = (all_.total, all_.subtotal, sum(all_.discounts), all_.shipping, all_.tax_total, order.due)
    return {
        "id": order.id,
        "status": order.status,
        "activityStatus": activity(order),
        "paymentStatus": order.payment_status if sight.is_whole else None,
        "version": order.version,
        "currency": all_.currency,
        **dict(zip(_TOTALS, totals if sight.is_whole else [None] * len(totals), strict=True)),
        "workflow": order.flow.version,
        "branchCode": all_.branch,
        "customer": all_.customer_id if sight.is_whole else None,
        "cancellation": order.cancel_reason,
        "lines": [_line(line) for line in lines],
        "payments": [(each.state, each.amount, each.provider, each.reference) for each in order.payments]
        if sight.is_whole
        else [],
        "shipments": {each.id: _parcel(each, lines) for each in order.parcels if set(each.lines) & set(lines)},
        "returns": {each.id: _return(each, lines) for each in order.returns if set(each.lines) & set(lines)},
        "refunds": {each.id: _refund(each) for each in order.refunds} if sight.is_whole else {},
        "holds": list(order.holds),
        "timeline": list(enumerate(order.timeline, start=1)),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "lineNo": line.no,
        "sku": line.sku,
        "quantity": len(line.units),
        "lineTotal": line.wanted.price,
        "tax": line.wanted.tax,
        "vendorId": line.vendor,
        "reservedQuantity": line.reserved,
        "cancelledQuantity": len(line.of(Fate.CANCELLED)),
        "shippedQuantity": len(line.of(Fate.GONE, Fate.ARRIVED)),
        "deliveredQuantity": len(line.of(Fate.ARRIVED)),
        "returnedQuantity": line.back,
        "allocation": None if line.branch is None else [(line.branch, len(line.units))],
    }


def _parcel(parcel: Parcel, lines: list[Line]) -> Any:
    packed = {line.id: sum(its is line for its, _ in parcel.units) for line in parcel.lines if line in lines}
    return parcel.status, parcel.branch, parcel.tracking, packed


def _return(made: Returned, lines: list[Line]) -> Any:
    units = {
        line.id: (len(of), sum(unit.back == "stock" for unit in of), sum(unit.back == "scrap" for unit in of))
        for line in made.lines
        if line in lines and (of := made.of(line))
    }
    return made.status, units


def _refund(refund: Refund) -> Any:
    units = {
        line.id: (refund.cancelled.get(line, 0) + returned, returned) for line, returned in refund.returned.items()
    }
    return refund.status, refund.amount, refund.fee, None if refund.of is None else refund.of.id, units


def shown(order: dict[str, Any]) -> dict[str, Any]:
    """What the server showed."""

    def money(value: dict[str, Any] | None) -> int | None:
        return None if value is None else int(Decimal(value["amount"]).scaleb(SCALES[order["currency"]]))

    return {
        **order,
        **{name: money(order[name]) for name in _TOTALS},
        "workflow": order["workflow"]["version"],
        "customer": order["customer"]["id"],
        "cancellation": order["cancellation"] and order["cancellation"]["reason"],
        "lines": [
            {
                **line,
                "lineTotal": money(line["lineTotal"]),
                "tax": money(line["tax"]),
                "allocation": line["allocation"]
                and [(each["branchCode"], each["quantity"]) for each in line["allocation"]],
            }
            for line in order["lines"]
        ],
        "payments": [
            (each["state"], money(each["amount"]), each["provider"], each["reference"]) for each in order["payments"]
        ],
        "shipments": {
            each["id"]: (
                each["status"],
                each["branchCode"],
                each["trackingReference"],
                {line["orderLineId"]: line["quantity"] for line in each["lines"]},
            )
            for each in order["shipments"]
        },
        "returns": {
            each["id"]: (
                each["status"],
                {
                    line["orderLineId"]: (line["quantity"], line["restocked"], line["scrapped"])
                    for line in each["lines"]
                },
            )
            for each in order["returns"]
        },
        "refunds": {
            each["id"]: (
                each["status"],
                money(each["amount"]),
                money(each["restockingFee"]),
                each["returnId"],
                {line["orderLineId"]: (line["quantity"], line["returned"]) for line in each["lines"]},
            )
            for each in order["refunds"]
        },
        "holds": [each["releasedAt"] is None for each in order["holds"]],
        "timeline": [(each["sequence"], each["type"]) for each in order["timeline"]],
    }
