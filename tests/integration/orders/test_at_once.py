"""Two changes of one order at the same moment: the second sees all that the first did."""

import json
import threading

from ddd.orders.application.holds import hold_order
from tests.builders import caller, rows
from tests.trade import checkout, open_shop, orders, placed


def test_words_said_at_the_same_moment_are_all_kept(database: object) -> None:
    """A change that waited for another one's lock sees the person's row as the other left it."""
    shop = open_shop({"north": {"A": 10}})
    order_id = str(placed(caller(shop), checkout(("A", 1))).id)
    for number in range(5):
        start = threading.Barrier(2)

        def hold(reason: str, start: threading.Barrier = start) -> None:
            start.wait()
            assert hold_order(caller(shop), {"orderId": order_id, "reason": reason}, orders()).errors == ()

        threads = [threading.Thread(target=hold, args=(f"{number}{name}",)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ((notes,),) = rows(shop, "SELECT notes FROM orders_person WHERE order_id = $1", order_id)
    kept = json.loads(notes)
    assert list(kept) == [f"hold:{number}" for number in range(1, 11)]
    assert sorted(kept.values()) == [f"{number}{name}" for number in range(5) for name in "ab"]
