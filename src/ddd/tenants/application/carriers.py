"""Reading what an Admin says of the tenant's carrier accounts."""

from collections.abc import Callable, Mapping
from typing import Final

from ddd.shared.application.form import Form
from ddd.shared.domain.countries import COUNTRIES
from ddd.shared.domain.text import fault_of as fault_of_text
from ddd.tenants.domain.carriers import MODES, CarrierAccount, Sender, SenderAddress

MOST_ACCOUNTS: Final = 20
MOST_OPTIONS: Final = 20
#: Why an account would not work, with the field of it that says so; None where it may.
FaultOf = Callable[[CarrierAccount], tuple[str, str] | None]
_INPUT_NAMES: Final[Mapping[str, str]] = {"base_url": "baseUrl"}


def read_carriers(form: Form, fault_of: FaultOf) -> tuple[CarrierAccount, ...]:
    """The accounts given, in their order; every fault is noted at its path."""
    if len(form.raw("carriers")) > MOST_ACCOUNTS:
        form.refuse("carriers", f"At most {MOST_ACCOUNTS} accounts are allowed.")
        return ()
    accounts: list[CarrierAccount] = []
    for each in form.each("carriers"):
        before = len(form.faults)
        account = _read(each)
        _refuse_what_is_served(each, account, accounts)
        accounts.append(account)
        fault = fault_of(account) if len(form.faults) == before else None
        if fault is not None:
            field, reason = fault
            each.refuse(_INPUT_NAMES.get(field, field), reason)
    return tuple(accounts)


def _read(form: Form) -> CarrierAccount:
    return CarrierAccount(
        carrier=form.required_text("carrier"),
        modes=_modes(form),
        credentials=form.text("credentials"),
        base_url=form.text("baseUrl"),
        service=form.text("service"),
        options=_options(form),
        sender=_sender(form.sub("sender")),
    )


def _modes(form: Form) -> tuple[str, ...]:
    given = form.raw("modes")
    if not given or any(mode not in MODES for mode in given):
        form.refuse("modes", f"Name at least one of {', '.join(MODES)}.")
        return ()
    return tuple(mode for mode in MODES if mode in given)


def _options(form: Form) -> dict[str, str]:
    given = form.json("options")
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        form.refuse("options", "Options are an object of texts.")
        return {}
    if len(given) > MOST_OPTIONS:
        form.refuse("options", f"At most {MOST_OPTIONS} options are allowed.")
    for text in (*given, *given.values()):
        if (fault := fault_of_text(text)) is not None:
            form.refuse("options", fault)
            break
    return dict(sorted(given.items()))


def _sender(form: Form | None) -> Sender | None:
    if form is None:
        return None
    address = form.sub("address") or Form({}, (*form.path, "address"), form.faults)
    return Sender(
        name=form.required_text("name"),
        company=form.text("company"),
        phone=form.text("phone"),
        email=form.text("email"),
        address=SenderAddress(
            line1=address.required_text("line1"),
            line2=address.text("line2"),
            city=address.text("city"),
            state=address.text("state"),
            postal_code=address.text("postalCode"),
            country=address.choice("country", COUNTRIES, "ISO 3166-1 alpha-2 country code"),
        ),
    )


def _refuse_what_is_served(form: Form, account: CarrierAccount, before: list[CarrierAccount]) -> None:
    """Of two accounts with one carrier for one mode the second would never be asked."""
    served = {mode for other in before if other.carrier == account.carrier for mode in other.modes}
    if served & set(account.modes):
        form.refuse("modes", "An account before it has this carrier for this mode.")
