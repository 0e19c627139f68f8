"""The built-in identity provider's tables; `oms_system` works with them, `oms_app` reads the public keys."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="LoginAttempts",
            fields=[
                ("key", models.BinaryField(primary_key=True, serialize=False)),
                ("failures", models.IntegerField()),
                ("since", models.DateTimeField()),
            ],
            options={
                "db_table": "identity_login_attempts",
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("tenant_id", models.TextField(db_collation="C")),
                ("subject", models.TextField(unique=True)),
                ("vendor_id", models.TextField(blank=True, default="")),
                ("customer_id", models.TextField(blank=True, default="")),
                ("branches", models.JSONField(null=True)),
            ],
            options={
                "db_table": "identity_membership",
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("kid", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("private_pem", models.TextField()),
                ("public_jwk", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "identity_signing_key",
            },
        ),
        migrations.CreateModel(
            name="KeySet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issuer", models.TextField(db_collation="C")),
                ("jwks_url", models.TextField(db_collation="C")),
                ("asked_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("body", models.BinaryField(null=True)),
            ],
            options={
                "db_table": "identity_key_set",
                "constraints": [models.UniqueConstraint(fields=("issuer", "jwks_url"), name="identity_key_set_source")],
            },
        ),
        migrations.RunSQL(
            """
            GRANT SELECT, INSERT, UPDATE, DELETE ON identity_membership, identity_signing_key, identity_login_attempts,
                identity_key_set TO oms_system;
            GRANT SELECT (kid, public_jwk, retired_at) ON identity_signing_key TO oms_app;
            """,
            migrations.RunSQL.noop,
        ),
    ]
