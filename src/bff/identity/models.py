"""Tables without a tenant: they are asked before any is known. `oms_system` alone reads them, but for public keys."""

from django.contrib.auth.models import User
from django.db import models


class SigningKey(models.Model):
    """A key pair. The newest that is not retired signs; a retired one is published until the last of its tokens ended.

    `private_pem` can be read by `oms_system` alone; `oms_app` reads the public columns.
    """

    kid = models.TextField(primary_key=True, db_collation="C")
    private_pem = models.TextField()
    public_jwk = models.JSONField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_signing_key"


class Membership(models.Model):
    """Which tenant a user belongs to, and what its tokens say besides its groups, which are its roles.

    `subject` is the token's `sub`: the name the user began with, whatever it is called later. An empty `vendor_id` or
    `customer_id` leaves the claim out; `branches` null means all.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    tenant_id = models.TextField(db_collation="C")
    subject = models.TextField(unique=True)
    vendor_id = models.TextField(blank=True, default="")
    customer_id = models.TextField(blank=True, default="")
    branches = models.JSONField(null=True)

    class Meta:
        db_table = "identity_membership"


class LoginAttempts(models.Model):
    """How often a login failed lately. `key` is a digest of what is counted, so that no name or address is kept."""

    key = models.BinaryField(primary_key=True)
    failures = models.IntegerField()
    since = models.DateTimeField()

    class Meta:
        db_table = "identity_login_attempts"


class KeySet(models.Model):
    """An issuer's last key set, shared by all processes, and when it was last asked for."""

    issuer = models.TextField(db_collation="C")
    jwks_url = models.TextField(db_collation="C")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    body = models.BinaryField(null=True)

    class Meta:
        db_table = "identity_key_set"
        constraints = (models.UniqueConstraint(fields=("issuer", "jwks_url"), name="identity_key_set_source"),)
