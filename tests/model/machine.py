"""Several tenants, several orders each, anybody does anything: Hypothesis draws it, server and model both live it."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.api.support import Json
from tests.model.answers import CAST, Person
from tests.model.checkout import BRANCHES, CATALOGUE
from tests.model.forms import FORMS, OFTEN
from tests.model.inputs import NOWHERE, Dice, checkout, payment
from tests.model.order import Order
from tests.model.world import KINDS, MAKERS, Place, World

#: One seed a step: Hypothesis takes steps away from a run that fails, the others stay as they were. Were each draw its
#: own, most of its runs would be made of one step over and over.
SEEDS = st.integers(0, 2**64 - 1)
#: Of one tenant.
MOST_ORDERS = 8


class Life(RuleBasedStateMachine):
    """A step is one request; what it answers and what it leaves is compared with the model."""

    tally: ClassVar[Counter[tuple[str, str]]] = Counter()
    runs: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self.world = World(self.tally)
        self._seeds = Counter[int]()

    def _dice(self, seed: int) -> Dice:
        """Of a seed that comes again another time, for Hypothesis repeats itself."""
        self._seeds[seed] += 1
        return Dice(Random(f"{seed} {self._seeds[seed]}"))

    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        dice = self._dice(seed)
        kinds = list(range(len(KINDS)))
        for _ in range(2):
            at = self.world.open(kinds.pop(dice.upto(len(kinds) - 1)))
            for branch, sku in (("b1", "A"), ("b2", "A"), ("b1", "B"), ("b2", "C")):
                self.world.receive(at, branch, sku, 9)
            self.place_order(at, dice)

    def teardown(self) -> None:
        if self.world.agrees:
            self.world.adds_up()

    @rule(seed=SEEDS)
    def somebody_does_something(self, seed: int) -> None:
        """One rule, so that none is switched off for a run: an order's life needs them all."""
        dice = self._dice(seed)
        at = dice.pick(self.world.places)
        if dice.one_in(24):
            self.world.receive(at, dice.pick(BRANCHES), dice.pick(CATALOGUE), 1 + dice.upto(4))
        elif dice.one_in(16) and at.said:
            self.say_again(at, dice)
        elif dice.one_in(8) and len(at.shop.orders) < MOST_ORDERS:
            self.place_order(at, dice)
        else:
            self.change(dice)

    # -- what is done ---------------------------------------------------------------------------------------------

    def act(self, at: Place, person: Person, operation: str, given: Json) -> None:
        note(f"{person.name}: {operation} {given}")
        self.world.act(at, person, operation, given)

    def say_again(self, at: Place, dice: Dice) -> None:
        """The same key: with the same input, with another, for another operation, by somebody else."""
        (person, key), said = dice.pick(list(at.said.items()))
        given = {**said.given, "idempotencyKey": key}
        operation = said.operation
        if operation not in MAKERS and dice.one_in(4):
            given["expectedVersion"] = said.order.version
        if operation not in MAKERS and dice.one_in(12):
            operation, given = "releaseHold", {"orderId": said.order.id, "idempotencyKey": key}
        self.act(at, dice.rarely(person, *CAST), operation, given)

    def place_order(self, at: Place, dice: Dice) -> None:
        operation = dice.pick(("placeOrder", "placeOrder", "createDraftOrder"))
        person, currency = _somebody(dice, operation), dice.pick(("EUR", "JPY"))
        given = checkout(dice, person, at.shop.takes_unknown, currency)
        if operation == "placeOrder" and not dice.one_in(3):
            given["payment"] = payment(dice, currency)
        given["idempotencyKey"] = f"order-{len(at.said)}-{dice.upto(1)}"
        self.act(at, person, operation, given)

    def change(self, dice: Dice) -> None:
        """Mostly something that makes sense, by somebody who may."""
        orders = [(at, order) for at in self.world.places for order in at.shop.orders]
        if not orders:
            return
        sensible = [(name, *each) for name, form in FORMS.items() for each in orders if form.fits(each[1])]
        if not sensible or dice.one_in(8):
            operation, (at, order) = dice.pick(list(FORMS)), dice.pick(orders)
        else:
            possible = dict.fromkeys(name for name, *_ in sensible)
            operation = dice.pick([name for name in possible for _ in range(OFTEN.get(name, 1))])
            operation, at, order = dice.pick([each for each in sensible if each[0] == operation])
        given: Json = {"orderId": dice.rarely(order.id, NOWHERE, "x", one_in=64)}
        given |= FORMS[operation].build(dice, order)
        if dice.one_in(8):
            given["expectedVersion"] = order.version + dice.rarely(0, 1, -1, one_in=3)
        if dice.one_in(3):
            given["idempotencyKey"] = dice.rarely(f"change-{len(at.said)}", "k")
        person = _somebody(dice, operation, order)
        self.act(dice.rarely(at, *self.world.places, one_in=64), person, operation, given)


def live(requests: int, *phases: Phase) -> None:
    """So many requests at least, in runs of a hundred; raises AssertionError where server and model disagree."""
    Life.tally.clear()
    Life.runs = 0
    while (left := requests - Life.tally.total()) > 0:
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=1 + left // 100,
                stateful_step_count=100,
                phases=phases or (Phase.generate, Phase.shrink),
                deadline=None,
                database=None,
                print_blob=True,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )


def _somebody(dice: Dice, operation: str, order: Order | None = None) -> Person:
    """Mostly one who may; of a review mostly the one who was named."""
    may: Sequence[Person] = [
        person
        for person in CAST
        if person.roles_for(operation) and (order is None or order.sight(person, operation) is not None)
    ]
    if operation == "reviewOrder":
        may = [person for person in may if order is None or person.name == order.reviewer] or may
    return dice.pick(CAST if not may or dice.one_in(16) else may)
