"""A tenant's accounts with carriers."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_tenants")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE tenants_tenant ADD COLUMN carriers jsonb NOT NULL DEFAULT '[]'",
            "ALTER TABLE tenants_tenant DROP COLUMN carriers",
        ),
    ]
