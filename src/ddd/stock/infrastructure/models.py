"""Django's view of items and stock levels, for browsing and admin only: changes go through handlers.

`id` is the primary key for Django's sake; the tables' own keys begin with `tenant_id` (see the migration).
"""

from django.db import models


class ItemRow(models.Model):
    """A row of the catalogue."""

    id = models.UUIDField(primary_key=True)
    tenant_id = models.TextField(db_collation="C")
    sku = models.TextField(db_collation="C")
    name = models.TextField()
    description = models.TextField(null=True)
    unit = models.TextField(null=True)
    min_stock_level = models.IntegerField(null=True)
    package = models.JSONField(null=True)
    archived = models.BooleanField(default=False)
    version = models.IntegerField()

    class Meta:
        db_table = "stock_item"
        verbose_name = "item"

    def __str__(self) -> str:
        return self.sku


class StockLevelRow(models.Model):
    """How much of an item lies in a branch; the database works `available` out."""

    id = models.UUIDField(primary_key=True)
    tenant_id = models.TextField(db_collation="C")
    branch_code = models.TextField(db_collation="C")
    sku = models.TextField(db_collation="C")
    on_hand = models.BigIntegerField()
    reserved = models.BigIntegerField(default=0)
    available = models.GeneratedField(
        expression=models.F("on_hand") - models.F("reserved"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    incoming = models.BigIntegerField(default=0)
    version = models.BigIntegerField()

    class Meta:
        db_table = "stock_level"
        verbose_name = "stock level"

    def __str__(self) -> str:
        return f"{self.sku} at {self.branch_code}"
