"""How Django's browsing and admin see branches. Handlers never save through it."""

from typing import ClassVar

from django.db import models


class Branch(models.Model):
    """A branch. `id` is the primary key for Django's sake; the table's own is (tenant_id, id)."""

    id = models.UUIDField(primary_key=True)
    tenant_id = models.TextField()
    code = models.TextField()
    name = models.TextField()
    address = models.JSONField(null=True)  # line1 line2 city state postal_code country
    timezone = models.TextField()
    priority = models.IntegerField()
    archived = models.BooleanField()
    version = models.IntegerField()

    class Meta:
        db_table = "branches_branch"
        verbose_name_plural = "branches"
        default_permissions: ClassVar[tuple[str, ...]] = ("view",)

    def __str__(self) -> str:
        return self.code
