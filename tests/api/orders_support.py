"""A shop with goods, the documents about orders, and what of a tenant a refusal must leave as it was."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from ddd.branches.application.branches import create_branch
from ddd.stock.application.items import create_item
from ddd.stock.application.levels import receive_stock
from tests.api.support import ApiCaller, ApiTenant, Json
from tests.builders import branches, caller, registered, rows, stock

LINE = """id lineNo sku name quantity unitPrice{amount currency} lineTotal{amount} discount{amount} tax{amount} vendorId
  category options isFreeGift isTaxable package{weightKg lengthCm widthCm heightCm} reservedQuantity cancelledQuantity
  shippedQuantity deliveredQuantity returnedQuantity allocation{branchCode quantity}"""
ORDER = f"""id orderNumber channel externalRef status paymentStatus version currency subtotal{{amount currency}}
  discountTotal{{amount}} shippingTotal{{amount}} taxTotal{{amount}} total{{amount currency}} amountDue{{amount}}
  taxesIncluded customer{{id firstName lastName email phone}}
  shippingAddress{{line1 line2 city state postalCode country}}
  billingAddress{{line1 country}} lines{{{LINE}}}
  shipments{{id status mode carrier trackingReference trackingUrl branchCode lines{{orderLineId sku quantity}}
    address{{line1}} shippedAt deliveredAt}}
  payments{{state amount{{amount}} method provider reference}} refunds{{id}} availableActions{{action allowed reason}}
  timeline{{sequence at type actor{{subject roles}} data}} cancellation{{reason note at by}} branchCode note metadata
  workflow{{version}} placedAt updatedAt"""
PAYLOAD = f"{{ order {{ {ORDER} }} errors {{ code field message details }} replayed }}"
SMALL = "{ order { id version status } errors { code field message details } replayed }"


def mutation(name: str, answer: str = SMALL) -> str:
    kind = name[0].upper() + name[1:]
    return f"mutation($input:{kind}Input!){{ {name}(input:$input) {answer} }}"


PLACE, CANCEL, SHIP = mutation("placeOrder"), mutation("cancelOrder"), mutation("markAsShipped")
PLACE_WHOLE, CANCEL_WHOLE, SHIP_WHOLE = (mutation(n, PAYLOAD) for n in ("placeOrder", "cancelOrder", "markAsShipped"))
GET = f"""query($id:ID,$number:String,$ref:String,$channel:String){{
  getOrder(orderId:$id, orderNumber:$number, externalRef:$ref, channel:$channel){{ {ORDER} }} }}"""
LIST = """query($filter:OrderFilter,$by:OrderOrder,$first:Int,$after:String,$last:Int,$before:String){
  orders(filter:$filter, orderBy:$by, first:$first, after:$after, last:$last, before:$before){
    totalCount pageInfo{hasNextPage hasPreviousPage startCursor endCursor} edges{cursor node{id}} nodes{id} } }"""
#: Every table that a command about orders may write to.
_TABLES = (
    "orders_order orders_person orders_line orders_payment orders_shipment orders_shipment_line orders_event "
    "stock_level stock_reservation stock_movement outbox audit_log idempotency"
).split()


def line(sku: str = "A", quantity: int = 1, price: Any = "10", **more: Any) -> Json:
    return {"sku": sku, "quantity": quantity, "unitPrice": price, **more}


def checkout(*lines: Json, **more: Any) -> Json:
    """The input of placeOrder, with a key of its own."""
    return {
        "idempotencyKey": secrets.token_hex(12),
        "currency": "USD",
        "customer": {"firstName": "Ann"},
        "shippingAddress": {"line1": "1 Main St", "country": "US"},
        "lines": list(lines) or [line()],
        **more,
    }


@dataclass
class Shop:
    """A tenant with items A, B and C in branches `north` (tried first) and `south`."""

    stocked: dict[str, dict[str, int]] = field(
        default_factory=lambda: {"north": {"A": 100, "B": 100}, "south": {"A": 100, "B": 100, "C": 100}}
    )
    tenant: ApiTenant = field(init=False)
    admin: ApiCaller = field(init=False)

    def __post_init__(self) -> None:
        self.tenant = ApiTenant(registered())
        self.admin = self.tenant.caller("Admin", subject="boss")
        by = caller(self.tenant.id)
        for sku in dict.fromkeys(sku for goods in self.stocked.values() for sku in goods):
            assert create_item(by, {"sku": sku, "name": f"Item {sku}"}, stock()).errors == ()
        for priority, (code, goods) in enumerate(self.stocked.items()):
            branch = {"code": code, "name": code, "timezone": "UTC", "priority": priority}
            assert create_branch(by, branch, branches()).errors == ()
            for sku, quantity in goods.items():
                received = {"branchCode": code, "sku": sku, "quantity": quantity}
                assert receive_stock(by, received, stock()).errors == ()

    def caller(self, *roles: str, subject: str = "somebody", **claims: Any) -> ApiCaller:
        return self.tenant.caller(*roles, subject=subject, **claims)

    def settings(self, **given: Any) -> None:
        """Change the tenant's settings."""
        document = "mutation($input:UpdateTenantSettingsInput!){updateTenantSettings(input:$input){errors{code}}}"
        self.admin.data(document, {"input": given})

    def place(self, *lines: Json, by: ApiCaller | None = None, **more: Any) -> Json:
        """A new order, whole."""
        order: Json = (by or self.admin).data(PLACE_WHOLE, {"input": checkout(*lines, **more)})["order"]
        return order

    def get(self, order_id: str, by: ApiCaller | None = None) -> Json | None:
        found: Json | None = (by or self.admin).data(GET, {"id": order_id})
        return found

    def permit(self, role: str, **scopes: str | None) -> None:
        """Give or (None) take a role's operations, as the tenant's own role map would."""
        for operation, scope in scopes.items():
            new = (
                "permissions #- $2::text[]"
                if scope is None
                else "jsonb_set(permissions, $2::text[], to_jsonb($3::text))"
            )
            sql = (
                f"UPDATE access_tenant SET permissions = {new}, version = version + 1 WHERE tenant_id = $1 RETURNING 1"
            )
            values = [self.tenant.id, [role, operation], *([] if scope is None else [scope])]
            assert rows(self.tenant.id, sql, *values) == [(1,)]

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row that orders and stock have in this tenant."""
        return {
            name: sorted(rows(self.tenant.id, f"SELECT t::text FROM {name} t WHERE tenant_id = $1", self.tenant.id))
            for name in _TABLES
        }

    def levels(self) -> dict[tuple[str, str], tuple[int, int]]:
        """On hand and reserved, by branch and SKU."""
        sql = "SELECT branch_code, sku, on_hand, reserved FROM stock_level WHERE tenant_id = $1"
        return {(branch, sku): (hand, held) for branch, sku, hand, held in rows(self.tenant.id, sql, self.tenant.id)}


def allowed(order: Json) -> dict[str, bool]:
    """What may be done next, of the two actions that these tests know of."""
    found = {each["action"]: each["allowed"] for each in order["availableActions"]}
    assert all((each["reason"] is None) == each["allowed"] for each in order["availableActions"])
    return {name: found[name] for name in ("cancelOrder", "markAsShipped")}


def units(order: Json, *pairs: tuple[int, int]) -> list[Json]:
    """`lines` of cancel and ship: (line number, quantity)."""
    ids = {each["lineNo"]: each["id"] for each in order["lines"]}
    return [{"orderLineId": ids[number], "quantity": quantity} for number, quantity in pairs]
