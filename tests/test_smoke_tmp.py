import pytest, time
from collections import Counter
from ddd.shared.domain.caller import Caller, Role

from order_management.operator import operations
from ddd.shared.domain.ids import new_id

def caller(t, *roles, sub="u1"):
    return Caller(t, sub, "iss", frozenset(roles), sub, sub, None, 0, "req", "127.0.0.1")

def test_smoke(database):
    from ddd.tenants.application import operator as op
    import ddd.tenants.application.operator as o
    t = "t-"+str(new_id())[-8:]
    print([n for n in dir(o) if not n.startswith('_')])
    from django.core.management import call_command
    call_command("register_tenant", t)
    from types import SimpleNamespace as NS
    from ddd.shared.infrastructure.access import AccessReader
    from ddd.shared.infrastructure.reader import PostgresReader
    from ddd.shared.infrastructure.relay import Relay
    from ddd.shared.infrastructure.unit_of_work import PostgresUnitOfWork
    from ddd.shared.domain.clock import SystemClock
    from order_management.registry import SUBSCRIBERS
    from ddd.orders.application.ports import Orders
    from ddd.orders.infrastructure.readers import PostgresOrderReader
    from ddd.orders.infrastructure.store import PostgresOrderStore
    from ddd.stock.infrastructure.reservations import StockReservations
    from ddd.stock.infrastructure.store import PostgresStockStore
    from ddd.branches.infrastructure.store import PostgresBranchStore
    from ddd.stock.application.ports import Stock
    from ddd.branches.application.ports import Branches
    clock=SystemClock(); access=AccessReader(); reader=PostgresReader(access); uow=PostgresUnitOfWork(access, clock, Relay(SUBSCRIBERS).drain)
    app = NS(orders=Orders(uow,reader,PostgresOrderStore(),PostgresOrderReader(),StockReservations(),('stock_level_enough','stock_reservation_level_fk'),clock), stock=Stock(uow,reader,PostgresStockStore(),clock), branches=Branches(uow,reader,PostgresBranchStore()))

    admin = caller(t, Role.ADMIN)
    from ddd.branches.application.branches import create_branch
    from ddd.stock.application.items import create_item
    from ddd.stock.application.levels import receive_stock
    print(create_branch(admin, {"code":"b1","name":"B1","timezone":"Europe/Berlin"}, app.branches))
    for s in ("A","B"):
        print(create_item(admin, {"sku":s,"name":s}, app.stock))
        print(receive_stock(admin, {"branchCode":"b1","sku":s,"quantity":10}, app.stock))
    from ddd.orders.application.place_order import place_order
    from ddd.orders.application.mark_as_shipped import mark_as_shipped
    from ddd.orders.application.cancel_order import cancel_order
    from ddd.orders.application.queries import get_order, list_orders
    from ddd.orders.application.listing import read_listing
    from ddd.shared.application.pages import page_request
    g = {"idempotencyKey":"k1","currency":"USD","customer":{"firstName":"Ann","lastName":"Lee","email":"a@b.co"},"shippingAddress":{"line1":"x","country":"US"},
      "lines":[{"sku":"A","quantity":2,"unitPrice":"1.50"},{"sku":"B","quantity":1,"unitPrice":3}]}
    r = place_order(admin, g, app.orders); print(r); o = r.value
    print(o.status, o.total, o.available_actions, [ (l.id,l.allocation) for l in o.lines], o.timeline)
    r2 = place_order(admin, {**g,"lines":[{**g["lines"][0],"unitPrice":1.5},g["lines"][1]]}, app.orders); assert r2.replayed and r2.value.id==o.id
    assert place_order(admin, {**g,"note":"z"}, app.orders).errors[0].code == "IDEMPOTENCY_KEY_REUSED"
    print(place_order(admin, {**g,"idempotencyKey":"k2","lines":[{"sku":"A","quantity":99,"unitPrice":1},{"sku":"Z","quantity":0,"unitPrice":"-1"}]}, app.orders))
    print(place_order(admin, {**g,"idempotencyKey":"k2","lines":[{"sku":"A","quantity":99,"unitPrice":1}]}, app.orders))
    s = mark_as_shipped(admin, {"orderId":str(o.id),"lines":[{"orderLineId":o.lines[0].id,"quantity":1}],"carrier":"DHL","trackingUrl":"https://x.y/z"}, app.orders)
    print(s, s.value.status, s.value.version, s.value.shipments[0].lines, [t.type for t in s.value.timeline])
    c = cancel_order(admin, {"orderId":str(o.id),"reason":"OTHER","lines":[{"orderLineId":o.lines[0].id,"quantity":1}]}, app.orders)
    print(c, c.value.status, c.value.amount_due)
    print(cancel_order(admin, {"orderId":str(o.id),"reason":"OTHER"}, app.orders))
    s = mark_as_shipped(admin, {"orderId":str(o.id),"expectedVersion":3}, app.orders)
    print(s.value.status)
    v = get_order(admin, app.orders, order_id=str(o.id), order_number=None, external_ref=None, channel=None)
    print(v.status, v.version, [l.shipped_quantity for l in v.lines], [t.type for t in v.timeline], v.cancellation, v.customer)
    lst = read_listing({"search":"le","status":["SHIPPED"],"sku":"A","customerEmail":"A@B.CO","branchCode":"b1"}, None)
    p = list_orders(admin, app.orders, lst, page_request(lst.sort_name, 10,None,None,None), count=True); print(p)
    ven = caller(t, Role.VENDOR)
    p = list_orders(ven, app.orders, lst, page_request(lst.sort_name, 10,None,None,None), count=True); print(p)
    lst = read_listing({"search":"le"}, None)
    p = list_orders(ven, app.orders, lst, page_request(lst.sort_name, 10,None,None,None), count=True); print(p, p.page.nodes[0].total)
    print(Counter(x for x in "ok"))
