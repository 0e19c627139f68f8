"""The tenant's own drivers: nobody is called, nothing is paid. The tracking reference follows from the shipment alone,
so that asking again gives the same one.

Option `tracking_url`: an address with `{reference}` in it, such as `https://shop.example/track/{reference}`.
"""

import hashlib
import re

from ddd.orders.application.carriers import BuyOutcome, CarrierAccount, LabelBought, LabelKey, LabelRequest, LabelVoided
from ddd.orders.domain.parts import ShipmentMode
from ddd.orders.infrastructure.carriers.http import Misconfigured
from ddd.orders.infrastructure.carriers.tools import Tools

NAME = "self_delivery"
MODES = frozenset(ShipmentMode)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U to misread on a parcel
_TEMPLATE = re.compile(r"https?://[!-~]{1,500}", re.ASCII)


class SelfDelivery:
    """A Carrier."""

    def __init__(self, account: CarrierAccount, tools: Tools) -> None:
        self._template = account.options.get("tracking_url")
        if self._template is not None and not (
            _TEMPLATE.fullmatch(self._template) and self._template.count("{reference}") == 1
        ):
            raise Misconfigured("options", "Option tracking_url is an http address with {reference} in it.")

    def buy_label(self, request: LabelRequest) -> BuyOutcome:
        reference = tracking_reference(request.key)
        url = self._template.replace("{reference}", reference) if self._template else None
        return LabelBought(carrier_reference=reference, tracking_reference=reference, tracking_url=url)

    def void_label(self, label: LabelKey) -> LabelVoided:
        return LabelVoided(existed=False)  # nothing was bought anywhere


def tracking_reference(label: LabelKey) -> str:
    """`SD-` and 13 characters (65 bits) of a hash of tenant and shipment."""
    digest = hashlib.sha256(f"{label.tenant_id}\n{label.shipment_id}".encode()).digest()
    number = int.from_bytes(digest)
    return "SD-" + "".join(_ALPHABET[number >> 5 * place & 31] for place in range(13))
