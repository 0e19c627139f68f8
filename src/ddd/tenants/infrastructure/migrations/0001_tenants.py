"""Tenants, their workflows, and the issuers that they trust."""

from django.db import migrations

from ddd.shared.infrastructure.schema import append_only, tenant_table

TABLES = """
CREATE TABLE tenants_tenant (
    tenant_id               text COLLATE "C" NOT NULL,
    aggregate_id            uuid NOT NULL,          -- its name in outbox and audit
    name                    text NOT NULL,
    default_currency        text COLLATE "C",
    stock_tracked           boolean NOT NULL,
    unknown_sku             text COLLATE "C" NOT NULL CHECK (unknown_sku IN ('REFUSE', 'ACCEPT')),
    trust_customer_checkout boolean NOT NULL,
    status                  text COLLATE "C" NOT NULL CHECK (status IN ('ACTIVE', 'SUSPENDED')),
    workflow_version        integer NOT NULL,       -- the one for new orders
    permissions             jsonb NOT NULL,         -- role -> operation -> scope
    version                 integer NOT NULL,
    event_sequence          integer NOT NULL,       -- of the last published event
    operations_off          jsonb NOT NULL,         -- what its plan does not include
    CONSTRAINT tenants_tenant_pkey PRIMARY KEY (tenant_id)
);

-- Workflow versions, never rewritten.
CREATE TABLE tenants_workflow (
    tenant_id    text COLLATE "C" NOT NULL,
    version      integer NOT NULL,
    document     jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT tenants_workflow_pkey PRIMARY KEY (tenant_id, version),
    CONSTRAINT tenants_workflow_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants_tenant (tenant_id)
);

-- Which issuer speaks for which tenant; a path is a JSON list of keys.
CREATE TABLE tenants_trust (
    tenant_id     text COLLATE "C" NOT NULL,
    issuer        text COLLATE "C" NOT NULL,
    audiences     jsonb NOT NULL,
    jwks_url      text COLLATE "C",                 -- null: by discovery
    tenant_path   jsonb NOT NULL,
    subject_path  jsonb NOT NULL,
    roles_path    jsonb NOT NULL,
    vendor_path   jsonb NOT NULL,
    customer_path jsonb NOT NULL,
    branches_path jsonb NOT NULL,
    tenant_value  text COLLATE "C" NOT NULL,        -- the claim's text that stands for this tenant
    role_map      jsonb,                            -- null: the same names, any case
    single_tenant boolean NOT NULL,
    CONSTRAINT tenants_trust_pkey PRIMARY KEY (tenant_id, issuer),
    CONSTRAINT tenants_trust_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants_tenant (tenant_id)
);
-- A token names its issuer before anybody knows the tenant.
CREATE INDEX tenants_trust_by_issuer ON tenants_trust (issuer);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0001_kernel")]
    operations = [
        migrations.RunSQL(TABLES, "DROP TABLE tenants_trust, tenants_workflow, tenants_tenant"),
        tenant_table("tenants_tenant"),
        tenant_table("tenants_workflow", app="SELECT, INSERT"),
        tenant_table("tenants_trust"),
        append_only("tenants_workflow"),
    ]
