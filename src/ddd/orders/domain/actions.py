"""What may be done next, and why not: asked by the aggregate and by `availableActions`, so they agree."""

from ddd.orders.domain.status import OrderStatus

_CANCELLABLE = frozenset({OrderStatus.DRAFT, OrderStatus.PENDING, OrderStatus.CONFIRMED})
_LINES_CANCELLABLE = _CANCELLABLE | {OrderStatus.PARTIALLY_SHIPPED}
#: In the plain workflow a PENDING order may ship (pay later); shipping confirms it in the same commit.
_SHIPPABLE = frozenset({OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.PARTIALLY_SHIPPED})


def why_not_cancel(status: OrderStatus, *, is_whole: bool, has_left: bool) -> str | None:
    """Why units cannot be cancelled, or None. `is_whole`: no lines named; `has_left`: some unit has not left yet."""
    if status not in (_CANCELLABLE if is_whole else _LINES_CANCELLABLE):
        return f"A {status} order cannot be cancelled{' as a whole' if status in _LINES_CANCELLABLE else ''}."
    return None if has_left else "Nothing is left to cancel."


def why_not_ship(status: OrderStatus, *, has_left: bool) -> str | None:
    """Why units cannot be shipped, or None."""
    if status not in _SHIPPABLE:
        return f"A {status} order cannot be shipped."
    return None if has_left else "Nothing is left to ship."
