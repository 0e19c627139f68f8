"""What buying a label needs to know: the tenant's accounts; and what became of a label."""

from django.db import migrations

COLUMNS = """
ALTER TABLE orders_tenant ADD COLUMN carriers jsonb NOT NULL DEFAULT '[]';
ALTER TABLE orders_shipment ADD COLUMN label jsonb;
"""
DROP = """
ALTER TABLE orders_shipment DROP COLUMN label;
ALTER TABLE orders_tenant DROP COLUMN carriers;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_expiry")]
    operations = [migrations.RunSQL(COLUMNS, DROP)]
