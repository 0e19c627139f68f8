"""Branches."""

from django.db import migrations, models

from ddd.shared.infrastructure.schema import tenant_table

TABLE = """
CREATE TABLE branches_branch (
    tenant_id text COLLATE "C" NOT NULL,
    id        uuid NOT NULL,
    code      text COLLATE "C" NOT NULL,
    name      text NOT NULL,
    address   jsonb,                        -- line1 line2 city state postal_code country
    timezone  text COLLATE "C" NOT NULL,    -- IANA
    priority  integer NOT NULL,             -- lower is tried first
    archived  boolean NOT NULL,
    version   integer NOT NULL,
    CONSTRAINT branches_branch_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT branches_branch_code_key UNIQUE (tenant_id, code)
);
-- The orders in which lists walk.
CREATE INDEX branches_branch_by_priority ON branches_branch (tenant_id, priority, code);
CREATE INDEX branches_branch_by_name ON branches_branch (tenant_id, name, code);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0001_kernel")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLE, "DROP TABLE branches_branch")],
            state_operations=[
                migrations.CreateModel(
                    name="Branch",
                    fields=[
                        ("id", models.UUIDField(primary_key=True, serialize=False)),
                        ("tenant_id", models.TextField()),
                        ("code", models.TextField()),
                        ("name", models.TextField()),
                        ("address", models.JSONField(null=True)),
                        ("timezone", models.TextField()),
                        ("priority", models.IntegerField()),
                        ("archived", models.BooleanField()),
                        ("version", models.IntegerField()),
                    ],
                    options={
                        "db_table": "branches_branch",
                        "verbose_name_plural": "branches",
                        "default_permissions": ("view",),
                    },
                ),
            ],
        ),
        tenant_table("branches_branch"),
    ]
