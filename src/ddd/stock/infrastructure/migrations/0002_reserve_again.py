"""An order that was a draft again may hold other items, elsewhere, under the same line."""

from django.db import migrations

COLUMNS = "branch_code, sku, reserved_at"


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_stock")]
    operations = [
        migrations.RunSQL(
            f"GRANT UPDATE ({COLUMNS}) ON stock_reservation TO oms_app",
            f"REVOKE UPDATE ({COLUMNS}) ON stock_reservation FROM oms_app",
        )
    ]
