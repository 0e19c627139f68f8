"""The kernel's functions and tables: idempotency, outbox, inbox, audit, access."""

from django.db import migrations

from ddd.shared.infrastructure.schema import append_only, tenant_table

FUNCTIONS = """
CREATE FUNCTION oms_no_tenant() RETURNS text STABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'no tenant is set for this transaction' USING ERRCODE = 'insufficient_privilege';
END $$;
-- One SQL expression, so that the planner can inline it: a forgotten tenant is an error, never an empty list.
CREATE FUNCTION oms_tenant() RETURNS text STABLE LANGUAGE sql AS $$
    SELECT CASE WHEN coalesce(current_setting('app.tenant_id', true), '') = '' THEN oms_no_tenant()
                ELSE current_setting('app.tenant_id', true) END COLLATE "C"
$$;
CREATE FUNCTION oms_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never rewritten', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""

TABLES = """
-- Which keys were used, for what, and what came of it. Kept 7 days.
CREATE TABLE idempotency (
    tenant_id    text COLLATE "C" NOT NULL,
    key_hash     bytea NOT NULL,            -- SHA-256 of issuer, subject and key
    operation    text NOT NULL,
    fingerprint  bytea NOT NULL,            -- SHA-256 of the given fields
    aggregate_id uuid NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_pkey PRIMARY KEY (tenant_id, key_hash)
);
CREATE INDEX idempotency_age ON idempotency USING brin (created_at);

-- Published events, committed with their fact. Done rows are kept 7 days.
CREATE TABLE outbox (
    tenant_id    text COLLATE "C" NOT NULL,
    aggregate    text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    sequence     integer NOT NULL CHECK (sequence > 0),
    type         text COLLATE "C" NOT NULL,
    payload      jsonb NOT NULL,
    request_id   text NOT NULL,
    occurred_at  timestamptz NOT NULL,
    attempts     smallint NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL DEFAULT now(),   -- the next try; a lease while it is being worked on
    done_at      timestamptz,
    parked_at    timestamptz,
    error        text,
    CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, aggregate_id, sequence)
);
CREATE INDEX outbox_open ON outbox (due_at) WHERE done_at IS NULL AND parked_at IS NULL;
CREATE INDEX outbox_age ON outbox USING brin (occurred_at);

-- What each subscriber has applied: consume as if it came twice.
CREATE TABLE inbox (
    tenant_id    text COLLATE "C" NOT NULL,
    subscriber   text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    sequence     integer NOT NULL,
    applied_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_pkey PRIMARY KEY (tenant_id, subscriber, aggregate_id, sequence)
);
CREATE INDEX inbox_age ON inbox USING brin (applied_at);

-- Who did what, from where, before and after. Never rewritten.
CREATE TABLE audit_log (
    tenant_id    text COLLATE "C" NOT NULL,
    id           uuid NOT NULL,
    at           timestamptz NOT NULL,
    operation    text COLLATE "C" NOT NULL,
    aggregate    text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    subject      text NOT NULL,
    issuer       text NOT NULL,
    roles        text NOT NULL,             -- words between blanks
    address      text NOT NULL,
    request_id   text NOT NULL,
    before       jsonb NOT NULL,
    after        jsonb NOT NULL,
    CONSTRAINT audit_log_pkey PRIMARY KEY (tenant_id, id)
);

-- The kernel's snapshot of tenants: who may do what, read in every request's first round trip.
CREATE TABLE access_tenant (
    tenant_id      text COLLATE "C" NOT NULL,
    status         text NOT NULL,
    permissions    jsonb NOT NULL,          -- role -> operation -> scope
    operations_off jsonb NOT NULL,          -- operations that its plan does not include
    version        bigint NOT NULL,
    CONSTRAINT access_tenant_pkey PRIMARY KEY (tenant_id)
);
"""

# oms_system claims outbox rows of every tenant and clears what has aged; the rest it does as oms_app, by tenant.
SYSTEM = """
GRANT UPDATE (attempts, due_at, done_at, parked_at, error), DELETE ON outbox TO oms_system;
GRANT DELETE ON inbox, idempotency TO oms_system;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            FUNCTIONS, "DROP FUNCTION oms_refuse_rewrite(); DROP FUNCTION oms_tenant(); DROP FUNCTION oms_no_tenant()"
        ),
        migrations.RunSQL(TABLES, "DROP TABLE access_tenant, audit_log, inbox, outbox, idempotency"),
        tenant_table("idempotency", app="SELECT, INSERT"),
        tenant_table("outbox"),
        tenant_table("inbox", app="SELECT, INSERT"),
        tenant_table("audit_log", app="SELECT, INSERT"),
        tenant_table("access_tenant"),
        append_only("audit_log"),
        migrations.RunSQL(SYSTEM, migrations.RunSQL.noop),
    ]
