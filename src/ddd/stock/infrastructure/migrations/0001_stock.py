"""Stock's tables: the catalogue, levels per branch, reservations, the ledger, and the snapshot of branches."""

from django.db import migrations, models

from ddd.shared.infrastructure.schema import append_only, tenant_table

TABLES = """
-- What stock is kept of.
CREATE TABLE stock_item (
    tenant_id       text COLLATE "C" NOT NULL,
    id              uuid NOT NULL,
    sku             text COLLATE "C" NOT NULL,      -- never changes: no privilege to
    name            text NOT NULL,
    description     text,
    unit            text,
    min_stock_level integer,
    package         jsonb,                          -- weightKg lengthCm widthCm heightCm: decimals as text
    archived        boolean NOT NULL DEFAULT false,
    version         integer NOT NULL,
    CONSTRAINT stock_item_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT stock_item_sku_key UNIQUE (tenant_id, sku)
);
CREATE INDEX stock_item_by_name ON stock_item (tenant_id, name, sku);

-- Snapshot of branches, fed by BranchChanged.
CREATE TABLE stock_branch (
    tenant_id text COLLATE "C" NOT NULL,
    code      text COLLATE "C" NOT NULL,
    branch_id uuid NOT NULL,
    name      text NOT NULL,
    priority  integer NOT NULL,
    archived  boolean NOT NULL,
    version   integer NOT NULL,
    CONSTRAINT stock_branch_pkey PRIMARY KEY (tenant_id, code)
);

-- How much of an item lies in a branch. A third of each page stays free and no index names a quantity, so that a
-- reservation rewrites its row in place (a heap-only update) and no index at all.
CREATE TABLE stock_level (
    tenant_id   text COLLATE "C" NOT NULL,
    id          uuid NOT NULL,
    branch_code text COLLATE "C" NOT NULL,
    sku         text COLLATE "C" NOT NULL,
    on_hand     bigint NOT NULL,
    reserved    bigint NOT NULL DEFAULT 0,
    available   bigint GENERATED ALWAYS AS (on_hand - reserved) STORED,
    incoming    bigint NOT NULL DEFAULT 0,
    -- Units promised beyond what is there: 0, but for an Admin's override. A reservation never touches it, so what
    -- the override allowed once is no credit for anybody; whatever else moves a quantity works it out anew.
    overdraft   bigint NOT NULL DEFAULT 0,
    version     bigint NOT NULL,
    CONSTRAINT stock_level_pkey PRIMARY KEY (tenant_id, branch_code, sku),
    CONSTRAINT stock_level_id_key UNIQUE (tenant_id, id),
    CONSTRAINT stock_level_item_fk FOREIGN KEY (tenant_id, sku) REFERENCES stock_item (tenant_id, sku),
    CONSTRAINT stock_level_enough CHECK (overdraft = greatest(0, reserved - on_hand)),
    CONSTRAINT stock_level_reserved CHECK (reserved >= 0)
) WITH (fillfactor = 65);
CREATE INDEX stock_level_by_sku ON stock_level (tenant_id, sku, branch_code);

-- What an order's line still holds back. A line takes from one branch.
CREATE TABLE stock_reservation (
    tenant_id   text COLLATE "C" NOT NULL,
    order_id    uuid NOT NULL,
    line_no     integer NOT NULL,
    branch_code text COLLATE "C" NOT NULL,
    sku         text COLLATE "C" NOT NULL,
    quantity    bigint NOT NULL,                    -- still reserved; what was shipped or released is gone from it
    reserved_at timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    CONSTRAINT stock_reservation_pkey PRIMARY KEY (tenant_id, order_id, line_no),
    CONSTRAINT stock_reservation_level_fk
        FOREIGN KEY (tenant_id, branch_code, sku) REFERENCES stock_level (tenant_id, branch_code, sku),
    CONSTRAINT stock_reservation_left CHECK (quantity >= 0)
);

-- The ledger: every change of what is on hand, one row each, never rewritten. Ids only.
CREATE TABLE stock_movement (
    tenant_id      text COLLATE "C" NOT NULL,
    id             uuid NOT NULL,
    at             timestamptz NOT NULL,
    branch_code    text COLLATE "C" NOT NULL,
    sku            text COLLATE "C" NOT NULL,
    level_version  bigint NOT NULL,                 -- the level's version that it made: the ledger's order
    kind           text COLLATE "C" NOT NULL,       -- RECEIPT, ISSUE, RETURN
    delta          bigint NOT NULL,
    on_hand_before bigint NOT NULL,
    on_hand_after  bigint NOT NULL,
    reason         text,
    reference      text,
    order_id       uuid,
    actor          text NOT NULL,
    CONSTRAINT stock_movement_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT stock_movement_level_fk
        FOREIGN KEY (tenant_id, branch_code, sku) REFERENCES stock_level (tenant_id, branch_code, sku),
    CONSTRAINT stock_movement_ledger_key UNIQUE (tenant_id, branch_code, sku, level_version),
    CONSTRAINT stock_movement_adds_up CHECK (on_hand_after = on_hand_before + delta)
);
"""

UNDO = "DROP TABLE stock_movement, stock_reservation, stock_level, stock_branch, stock_item"

MODELS = [
    migrations.CreateModel(
        name="ItemRow",
        fields=[
            ("id", models.UUIDField(primary_key=True, serialize=False)),
            ("tenant_id", models.TextField(db_collation="C")),
            ("sku", models.TextField(db_collation="C")),
            ("name", models.TextField()),
            ("description", models.TextField(null=True)),
            ("unit", models.TextField(null=True)),
            ("min_stock_level", models.IntegerField(null=True)),
            ("package", models.JSONField(null=True)),
            ("archived", models.BooleanField(default=False)),
            ("version", models.IntegerField()),
        ],
        options={"verbose_name": "item", "db_table": "stock_item"},
    ),
    migrations.CreateModel(
        name="StockLevelRow",
        fields=[
            ("id", models.UUIDField(primary_key=True, serialize=False)),
            ("tenant_id", models.TextField(db_collation="C")),
            ("branch_code", models.TextField(db_collation="C")),
            ("sku", models.TextField(db_collation="C")),
            ("on_hand", models.BigIntegerField()),
            ("reserved", models.BigIntegerField(default=0)),
            (
                "available",
                models.GeneratedField(
                    db_persist=True,
                    expression=models.F("on_hand") - models.F("reserved"),
                    output_field=models.BigIntegerField(),
                ),
            ),
            ("incoming", models.BigIntegerField(default=0)),
            ("version", models.BigIntegerField()),
        ],
        options={"verbose_name": "stock level", "db_table": "stock_level"},
    ),
]


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0001_kernel")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLES, UNDO)], state_operations=MODELS
        ),
        tenant_table(
            "stock_item",
            app="SELECT, INSERT, UPDATE (name, description, unit, min_stock_level, package, archived, version)",
        ),
        tenant_table("stock_branch"),
        tenant_table("stock_level", app="SELECT, INSERT, UPDATE (on_hand, reserved, incoming, overdraft, version)"),
        tenant_table("stock_reservation", app="SELECT, INSERT, UPDATE (quantity, changed_at)"),
        tenant_table("stock_movement", app="SELECT, INSERT"),
        append_only("stock_movement"),
    ]
