"""The operator's commands as processes of their own: what they print, how they end, what they leave."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ddd.shared.domain.caller import Role
from ddd.tenants.application.trust import Trust
from ddd.tenants.infrastructure.trust_directory import PostgresTrustDirectory
from tests.builders import audited, new_tenant_id, registered, rows

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def environment(database: object, database_environment: Mapping[str, str]) -> dict[str, str]:
    return os.environ | database_environment | {"DEV_ISSUERS": "http://localhost:8080"}


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refusal is."""
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line


def test_a_tenants_life_by_commands_each_said_twice(environment: dict[str, str]) -> None:
    tenant_id = new_tenant_id()
    register = ("register_tenant", tenant_id, "--name", "Acme Ltd", "--currency", "EUR", "--no-stock-tracked")
    said = []
    for words in (register, ("suspend_tenant", tenant_id), ("resume_tenant", tenant_id)):
        for _ in range(2):
            done = manage(environment, *words)
            assert (done.returncode, done.stderr) == (0, "")
            said.append(done.stdout)
    assert said == [
        f"{tenant_id} is registered (ACTIVE, version 1)\n",
        f"{tenant_id} is registered (ACTIVE, version 1)\n",
        f"{tenant_id} is SUSPENDED\n",
        f"{tenant_id} is SUSPENDED\n",
        f"{tenant_id} is ACTIVE\n",
        f"{tenant_id} is ACTIVE\n",
    ]
    assert audited(tenant_id) == ["registerTenant", "suspendTenant", "resumeTenant"]
    assert rows(tenant_id, "SELECT name, default_currency, stock_tracked, version FROM tenants_tenant") == [
        ("Acme Ltd", "EUR", False, 3)
    ]
    assert rows(tenant_id, "SELECT status, version FROM access_tenant") == [("ACTIVE", 3)]


def test_an_issuer_is_trusted_with_everything_that_can_be_said(environment: dict[str, str], tmp_path: Path) -> None:
    tenant_id = registered()
    issuer = f"http://localhost:8080/realms/{tenant_id}"
    roles = tmp_path / "roles.json"
    roles.write_text(json.dumps({"boss": "Admin", "clerk": ["Worker", "Auditor"]}))
    done = manage(
        environment, "trust_issuer", tenant_id, issuer, "--audience", "shop", "--audience", "app",
        "--jwks-url", "http://localhost:8080/keys", "--claim", "tenant=https://acme.example/org",
        "--claim", 'roles=["realm_access","roles"]', "--claim", "sub=uid", "--claim", "vendor=v",
        "--claim", "customer=c", "--claim", "branches=b", "--tenant-value", "org 7", "--role-map", str(roles),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert PostgresTrustDirectory().trusts(issuer) == [
        Trust(
            tenant_id=tenant_id,
            issuer=issuer,
            audiences=("shop", "app"),
            jwks_url="http://localhost:8080/keys",
            tenant_path=("https://acme.example/org",),
            subject_path=("uid",),
            roles_path=("realm_access", "roles"),
            vendor_path=("v",),
            customer_path=("c",),
            branches_path=("b",),
            tenant_value="org 7",
            role_map={"boss": (Role.ADMIN,), "clerk": (Role.WORKER, Role.AUDITOR)},
        )
    ]
    done = manage(environment, "trust_issuer", tenant_id, issuer, "--audience", "shop", "--single-tenant")
    assert done.returncode == 0
    assert PostgresTrustDirectory().trusts(issuer) == [
        Trust(tenant_id, issuer, ("shop",), tenant_value=tenant_id, single_tenant=True)
    ]


def test_what_is_refused_is_one_line_and_exit_code_1(environment: dict[str, str]) -> None:
    tenant_id = registered()
    for words, part in (
        (("register_tenant",), "ID"),
        (("register_tenant", "a\nb"), "1 to 64"),
        (("suspend_tenant", new_tenant_id()), "no tenant"),
        (("trust_issuer", tenant_id, "http://localhost:9999", "--audience", "a"), "https"),
        (("trust_issuer", tenant_id, "https://x.example", "--audience", "a", "--claim", "email=\n"), "--claim"),
    ):
        assert part in refused(manage(environment, *words)), words
    assert audited(tenant_id) == ["registerTenant"]


def test_a_trust_that_is_refused_leaves_nothing(database: object, tmp_path: Path) -> None:
    tenant_id = registered()
    issuer = f"https://{tenant_id}.example"
    broken, twice, large = tmp_path / "broken.json", tmp_path / "twice.json", tmp_path / "large.json"
    broken.write_text("{")
    twice.write_text('{"boss": "Admin", "boss": "Worker"}')
    large.write_text("[" + " " * 256_000)
    for words, part in (
        ((), "--audience"),
        (("--audience", ""), "--audience"),
        (("--audience", "a", "--jwks-url", "http://keys.example"), "--jwks-url"),
        (("--audience", "a", "--claim", 'sub=["a"'), "PATH"),
        (("--audience", "a", "--tenant-value", ""), "--tenant-value"),
        (("--audience", "a", "--role-map", str(tmp_path / "none.json")), "No such file"),
        (("--audience", "a", "--role-map", str(tmp_path)), "directory"),
        (("--audience", "a", "--role-map", str(broken)), "cannot be read as JSON"),
        (("--audience", "a", "--role-map", str(twice)), "named twice"),
        (("--audience", "a", "--role-map", str(large)), "larger"),
    ):
        with pytest.raises(CommandError, match=re.escape(part)):
            call_command("trust_issuer", tenant_id, issuer, *words)
    assert PostgresTrustDirectory().trusts(issuer) == []
    assert audited(tenant_id) == ["registerTenant"]


def test_a_database_without_tables_is_said_in_one_line(environment: dict[str, str]) -> None:
    elsewhere = {name: value.replace("/test_", "/no_test_", 1) if name.startswith("DATABASE_") else value
                 for name, value in environment.items()}  # fmt: skip
    assert "no_test_" in refused(manage(elsewhere, "register_tenant", new_tenant_id()))


def test_two_processes_that_register_one_tenant_at_once_both_succeed(environment: dict[str, str]) -> None:
    tenant_id = new_tenant_id()
    command = [sys.executable, str(ROOT / "manage.py"), "register_tenant", tenant_id]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=60) for process in started]
    assert ended == [(f"{tenant_id} is registered (ACTIVE, version 1)\n", "")] * 2
    assert audited(tenant_id) == ["registerTenant"]
