"""Orders, their parts, their events, and the snapshots that orders keep of tenants, branches and items."""

from django.db import migrations

from ddd.shared.infrastructure.schema import append_only, tenant_table

TABLES = """
CREATE TABLE orders_order (
    tenant_id        text COLLATE "C" NOT NULL,
    id               uuid NOT NULL,
    order_number     text COLLATE "C" NOT NULL,
    channel          text COLLATE "C" NOT NULL,
    external_ref     text COLLATE "C",
    status           text COLLATE "C" NOT NULL,     -- derived; kept for filters
    payment_status   text COLLATE "C" NOT NULL,     -- derived; kept for filters
    version          integer NOT NULL,
    sequence         integer NOT NULL,              -- of the last event
    currency         text COLLATE "C" NOT NULL,     -- ISO 4217; amounts are its minor units
    subtotal         bigint NOT NULL,
    discount_total   bigint NOT NULL,
    shipping_total   bigint NOT NULL,
    tax_total        bigint NOT NULL,
    total            bigint NOT NULL,
    amount_due       bigint NOT NULL,
    taxes_included   boolean NOT NULL,
    customer_id      text COLLATE "C",
    branch_code      text COLLATE "C",
    metadata         jsonb,
    terms            jsonb NOT NULL,
    workflow_version integer NOT NULL,
    placed_at        timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    confirmed_at     timestamptz,
    completed_at     timestamptz,
    submitted_at     timestamptz,                   -- null: a draft
    holds            jsonb NOT NULL,
    returns          jsonb NOT NULL,
    refunds          jsonb NOT NULL,
    steps            jsonb NOT NULL,                -- the workflow's steps taken so far, and its reviewer
    activity_status  text,
    cancel_reason    text,
    cancelled_at     timestamptz,
    cancelled_by     text,
    CONSTRAINT orders_order_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT orders_order_number_key UNIQUE (tenant_id, order_number)
);
CREATE UNIQUE INDEX orders_order_external_ref ON orders_order (tenant_id, channel, external_ref)
    WHERE external_ref IS NOT NULL;
CREATE INDEX orders_order_placed ON orders_order (tenant_id, placed_at, id);
CREATE INDEX orders_order_updated ON orders_order (tenant_id, updated_at, id);
CREATE INDEX orders_order_customer ON orders_order (tenant_id, customer_id, placed_at, id)
    WHERE customer_id IS NOT NULL;

-- A person's values: one row per order, so that erasing a customer blanks one row.
CREATE TABLE orders_person (
    tenant_id        text COLLATE "C" NOT NULL,
    order_id         uuid NOT NULL,
    first_name       text,
    last_name        text,
    email            text,
    phone            text,
    shipping_address jsonb NOT NULL,
    billing_address  jsonb,
    note             text,
    notes            jsonb NOT NULL,                -- other free words, by what they are about
    email_folded     text COLLATE "C",              -- case-folded, for lookups in any case
    last_name_folded text COLLATE "C",
    CONSTRAINT orders_person_pkey PRIMARY KEY (tenant_id, order_id),
    CONSTRAINT orders_person_order_fk FOREIGN KEY (tenant_id, order_id) REFERENCES orders_order
);
CREATE INDEX orders_person_email ON orders_person (tenant_id, email_folded) WHERE email_folded IS NOT NULL;
CREATE INDEX orders_person_last_name ON orders_person (tenant_id, last_name_folded) WHERE last_name_folded IS NOT NULL;

CREATE TABLE orders_line (
    tenant_id          text COLLATE "C" NOT NULL,
    order_id           uuid NOT NULL,
    line_no            smallint NOT NULL,
    sku                text COLLATE "C" NOT NULL,
    name               text NOT NULL,
    quantity           integer NOT NULL,
    unit_price         bigint NOT NULL,
    discount           bigint NOT NULL,
    tax                bigint NOT NULL,
    line_total         bigint NOT NULL,
    vendor_id          text COLLATE "C",
    category           text,
    options            jsonb,
    is_free_gift       boolean NOT NULL,
    is_taxable         boolean NOT NULL,
    package            jsonb,
    branch_code        text COLLATE "C",
    reserved_quantity  integer NOT NULL,
    cancelled_quantity integer NOT NULL,
    shipped_quantity   integer NOT NULL,
    delivered_quantity integer NOT NULL,
    returned_quantity  integer NOT NULL,
    CONSTRAINT orders_line_pkey PRIMARY KEY (tenant_id, order_id, line_no),
    CONSTRAINT orders_line_order_fk FOREIGN KEY (tenant_id, order_id) REFERENCES orders_order,
    CONSTRAINT orders_line_quantities CHECK (
        quantity > 0 AND reserved_quantity >= 0 AND cancelled_quantity >= 0
        AND delivered_quantity >= 0 AND delivered_quantity <= shipped_quantity
        AND shipped_quantity + cancelled_quantity <= quantity)
);
CREATE INDEX orders_line_vendor ON orders_line (tenant_id, vendor_id, order_id) WHERE vendor_id IS NOT NULL;
CREATE INDEX orders_line_sku ON orders_line (tenant_id, sku, order_id);

CREATE TABLE orders_payment (
    tenant_id  text COLLATE "C" NOT NULL,
    order_id   uuid NOT NULL,
    payment_no smallint NOT NULL,
    state      text COLLATE "C" NOT NULL,
    amount     bigint NOT NULL,
    at         timestamptz NOT NULL,
    method     text,
    provider   text,
    reference  text,
    CONSTRAINT orders_payment_pkey PRIMARY KEY (tenant_id, order_id, payment_no),
    CONSTRAINT orders_payment_order_fk FOREIGN KEY (tenant_id, order_id) REFERENCES orders_order
);

CREATE TABLE orders_shipment (
    tenant_id          text COLLATE "C" NOT NULL,
    order_id           uuid NOT NULL,
    id                 uuid NOT NULL,
    status             text COLLATE "C" NOT NULL,
    mode               text COLLATE "C" NOT NULL,
    carrier            text,
    tracking_reference text,
    tracking_url       text,
    branch_code        text COLLATE "C",
    shipped_at         timestamptz,
    delivered_at       timestamptz,
    package            jsonb,
    pickup_window      jsonb,
    label_url          text,
    cost               bigint,                      -- minor units of the carrier's currency
    cost_currency      text COLLATE "C",
    problem            text,
    CONSTRAINT orders_shipment_pkey PRIMARY KEY (tenant_id, order_id, id),
    CONSTRAINT orders_shipment_order_fk FOREIGN KEY (tenant_id, order_id) REFERENCES orders_order
);
CREATE TABLE orders_shipment_line (
    tenant_id   text COLLATE "C" NOT NULL,
    order_id    uuid NOT NULL,
    shipment_id uuid NOT NULL,
    line_no     smallint NOT NULL,
    quantity    integer NOT NULL CHECK (quantity > 0),
    CONSTRAINT orders_shipment_line_pkey PRIMARY KEY (tenant_id, order_id, shipment_id, line_no),
    CONSTRAINT orders_shipment_line_shipment_fk FOREIGN KEY (tenant_id, order_id, shipment_id)
        REFERENCES orders_shipment,
    CONSTRAINT orders_shipment_line_line_fk FOREIGN KEY (tenant_id, order_id, line_no) REFERENCES orders_line
);

-- The timeline: every event of an order's life, for good.
CREATE TABLE orders_event (
    tenant_id text COLLATE "C" NOT NULL,
    order_id  uuid NOT NULL,
    sequence  integer NOT NULL,
    type      text COLLATE "C" NOT NULL,
    at        timestamptz NOT NULL,
    subject   text NOT NULL,
    roles     text NOT NULL,                        -- words between blanks
    data      jsonb NOT NULL,
    CONSTRAINT orders_event_pkey PRIMARY KEY (tenant_id, order_id, sequence),
    CONSTRAINT orders_event_order_fk FOREIGN KEY (tenant_id, order_id) REFERENCES orders_order
);

-- Snapshots, fed by published events only; the newest version wins.
CREATE TABLE orders_tenant (
    tenant_id               text COLLATE "C" NOT NULL,
    stock_tracked           boolean NOT NULL,
    unknown_sku             text NOT NULL,
    trust_customer_checkout boolean NOT NULL,
    workflow_version        integer NOT NULL,
    version                 bigint NOT NULL,
    rules_version           bigint NOT NULL,        -- counts the changes of this row and of the tenant's branches
    CONSTRAINT orders_tenant_pkey PRIMARY KEY (tenant_id)
);
CREATE TABLE orders_workflow (
    tenant_id        text COLLATE "C" NOT NULL,
    workflow_version integer NOT NULL,
    document         jsonb NOT NULL,
    CONSTRAINT orders_workflow_pkey PRIMARY KEY (tenant_id, workflow_version)
);
CREATE TABLE orders_branch (
    tenant_id text COLLATE "C" NOT NULL,
    code      text COLLATE "C" NOT NULL,
    priority  integer NOT NULL,
    archived  boolean NOT NULL,
    version   bigint NOT NULL,
    CONSTRAINT orders_branch_pkey PRIMARY KEY (tenant_id, code)
);
CREATE TABLE orders_item (
    tenant_id text COLLATE "C" NOT NULL,
    sku       text COLLATE "C" NOT NULL,
    name      text NOT NULL,
    archived  boolean NOT NULL,
    version   bigint NOT NULL,
    CONSTRAINT orders_item_pkey PRIMARY KEY (tenant_id, sku)
);
"""
NAMES = [
    "orders_item",
    "orders_branch",
    "orders_workflow",
    "orders_tenant",
    "orders_event",
    "orders_shipment_line",
    "orders_shipment",
    "orders_payment",
    "orders_line",
    "orders_person",
    "orders_order",
]


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0001_kernel")]
    operations = [
        migrations.RunSQL(TABLES, f"DROP TABLE {', '.join(NAMES)}"),
        *[tenant_table(name) for name in NAMES if name not in ("orders_event", "orders_workflow")],
        tenant_table("orders_event", app="SELECT, INSERT"),
        tenant_table("orders_workflow", app="SELECT, INSERT"),
        append_only("orders_event"),
        append_only("orders_workflow"),
    ]
