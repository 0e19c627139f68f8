"""Drafts: which of them were orders before, and lines that an edit takes away."""

from django.db import migrations

COLUMN = "ALTER TABLE orders_order ADD COLUMN sent_back_at timestamptz"  # when a workflow made it a draft again
UNDO = "ALTER TABLE orders_order DROP COLUMN sent_back_at"


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_carriers")]
    operations = [
        migrations.RunSQL(COLUMN, UNDO),
        migrations.RunSQL("GRANT DELETE ON orders_line TO oms_app", "REVOKE DELETE ON orders_line FROM oms_app"),
    ]
