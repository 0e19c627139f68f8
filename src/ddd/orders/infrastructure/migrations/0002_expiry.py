"""When an unpaid order is cancelled by itself: one index finds those that are due, of all tenants."""

from django.db import migrations

COLUMN = """
ALTER TABLE orders_order ADD COLUMN expires_at timestamptz;     -- derived; null: never, or not any more
CREATE INDEX orders_order_expires ON orders_order (expires_at, tenant_id, id) WHERE expires_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_orders")]
    operations = [
        migrations.RunSQL(COLUMN, "DROP INDEX orders_order_expires; ALTER TABLE orders_order DROP COLUMN expires_at")
    ]
