"""DDL that every tenant table shares: row-level security, forced, and exactly the privileges that the runtime needs.

Roles (made by `migrate` before the first migration): `oms_owner` owns the tables, `oms_app` serves requests,
`oms_system` (BYPASSRLS) finds issuers and tenants and claims outbox rows.
"""

from django.db import migrations

#: Tables that belong to no tenant, each with its reason. The catalogue test reads this list.
TENANTLESS: dict[str, str] = {
    "django_migrations": "Django's own ledger of migrations",
    "django_content_type": "Django: names of models",
    "django_session": "login sessions of the built-in identity provider, found by their random key alone",
    "auth_user": "users of the built-in identity provider; which tenant they belong to stands in identity_membership",
    "auth_group": "role names of the built-in identity provider",
    "auth_permission": "Django: names of admin permissions",
    "auth_user_groups": "roles of the built-in identity provider's users",
    "auth_group_permissions": "Django: admin permissions by group",
    "auth_user_user_permissions": "Django: admin permissions by user",
    "identity_membership": "asked at login, which is what finds the tenant; oms_system's alone",
    "identity_signing_key": "the same keys for all tenants; the private part is oms_system's alone",
    "identity_login_attempts": "digests of names and addresses whose login failed, before any tenant is known",
    "identity_key_set": "issuers' public keys; several tenants may trust one issuer",
    "procrastinate_jobs": "the queue, which any worker takes any tenant's job from; ids only; oms_system's alone",
    "procrastinate_events": "when a job of the queue was taken and done; oms_system's alone",
    "procrastinate_periodic_defers": "when the house's own periodic jobs were queued last; oms_system's alone",
    "procrastinate_workers": "which workers live; oms_system's alone",
    "job_trouble": "why a job of the queue was not done the last time; oms_system's alone",
}


def tenant_table(table: str, *, app: str = "SELECT, INSERT, UPDATE") -> migrations.RunSQL:
    """Wall three for one table; `app`: what the runtime role may do with it."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant_reads ON {table} FOR SELECT TO oms_app USING (tenant_id = oms_tenant());
        CREATE POLICY tenant_inserts ON {table} FOR INSERT TO oms_app WITH CHECK (tenant_id = oms_tenant());
        CREATE POLICY tenant_updates ON {table} FOR UPDATE TO oms_app
            USING (tenant_id = oms_tenant()) WITH CHECK (tenant_id = oms_tenant());
        CREATE POLICY tenant_deletes ON {table} FOR DELETE TO oms_app USING (tenant_id = oms_tenant());
        CREATE POLICY owner ON {table} TO oms_owner USING (true) WITH CHECK (true);
        GRANT {app} ON {table} TO oms_app;
        GRANT SELECT ON {table} TO oms_system;
        """,
        f"REVOKE ALL ON {table} FROM oms_app, oms_system",
    )


def append_only(table: str) -> migrations.RunSQL:
    """Rows of this table are written once: a trigger says so even to the owner."""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION oms_refuse_rewrite();
        CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION oms_refuse_rewrite();
        """,
        f"DROP TRIGGER append_only ON {table}; DROP TRIGGER append_only_truncate ON {table}",
    )
