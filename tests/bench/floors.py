"""The floors: the least that the same work costs on the same PostgreSQL.

The seven-statement transaction by pgbench, the same as one statement by psycopg, and raw rows by psycopg. They write
plain tables of their own: rows like ours, primary keys, one foreign key, the CHECK on stock, no policy.
"""

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psycopg

from order_management.places import PORT
from order_management.postgres import SUPERUSER, EmbeddedPostgres
from tests.bench.machine import cpu_seconds

APPLICATION: Final = "bench-floor"
CLIENTS: Final = 16

#: Written out, not copied from ours: a floor that moved with the house would hide what the house grows by.
TABLES: Final = """
CREATE TABLE floor_level (
    tenant_id text COLLATE "C" NOT NULL, branch_code text COLLATE "C" NOT NULL, sku text COLLATE "C" NOT NULL,
    on_hand bigint NOT NULL, reserved bigint NOT NULL DEFAULT 0, version bigint NOT NULL,
    PRIMARY KEY (tenant_id, branch_code, sku), CHECK (reserved <= on_hand)
) WITH (fillfactor = 65);
CREATE TABLE floor_order (
    tenant_id text COLLATE "C" NOT NULL, id uuid NOT NULL, order_number text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL, external_ref text COLLATE "C", status text COLLATE "C" NOT NULL,
    payment_status text COLLATE "C" NOT NULL, version integer NOT NULL, sequence integer NOT NULL,
    currency text COLLATE "C" NOT NULL, subtotal bigint NOT NULL, discount_total bigint NOT NULL,
    shipping_total bigint NOT NULL, tax_total bigint NOT NULL, total bigint NOT NULL, amount_due bigint NOT NULL,
    taxes_included boolean NOT NULL, customer jsonb NOT NULL, shipping_address jsonb NOT NULL, metadata jsonb,
    terms jsonb NOT NULL, placed_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE floor_line (
    tenant_id text COLLATE "C" NOT NULL, order_id uuid NOT NULL, line_no smallint NOT NULL,
    sku text COLLATE "C" NOT NULL, name text NOT NULL, quantity integer NOT NULL, unit_price bigint NOT NULL,
    discount bigint NOT NULL, tax bigint NOT NULL, line_total bigint NOT NULL, vendor_id text COLLATE "C",
    category text, options jsonb, is_free_gift boolean NOT NULL, is_taxable boolean NOT NULL,
    branch_code text COLLATE "C", reserved_quantity integer NOT NULL, cancelled_quantity integer NOT NULL,
    shipped_quantity integer NOT NULL,
    PRIMARY KEY (tenant_id, order_id, line_no), FOREIGN KEY (tenant_id, order_id) REFERENCES floor_order
);
CREATE TABLE floor_idempotency (
    tenant_id text COLLATE "C" NOT NULL, key_hash bytea NOT NULL, operation text NOT NULL, fingerprint bytea NOT NULL,
    aggregate_id uuid NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant_id, key_hash)
);
CREATE TABLE floor_outbox (
    tenant_id text COLLATE "C" NOT NULL, aggregate text COLLATE "C" NOT NULL, aggregate_id uuid NOT NULL,
    sequence integer NOT NULL, type text COLLATE "C" NOT NULL, payload jsonb NOT NULL, request_id text NOT NULL,
    occurred_at timestamptz NOT NULL, attempts smallint NOT NULL DEFAULT 0, due_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz, PRIMARY KEY (tenant_id, aggregate_id, sequence)
);
CREATE INDEX ON floor_outbox (due_at) WHERE done_at IS NULL;
INSERT INTO floor_level (tenant_id, branch_code, sku, on_hand, version)
    SELECT 'floor', 'main', 'SKU-' || lpad(n::text, 5, '0'), 1000000000, 1 FROM generate_series(0, {items} - 1) AS n;
"""
_ORDER: Final = """
INSERT INTO floor_order (tenant_id, id, order_number, channel, status, payment_status, version, sequence, currency,
    subtotal, discount_total, shipping_total, tax_total, total, amount_due, taxes_included, customer, shipping_address,
    terms, placed_at, updated_at)
SELECT 'floor', {id}, {number}, 'default', 'PENDING', 'UNPAID', 1, 1, 'EUR', 11940, 0, 0, 0, 11940, 11940, false,
    '{{"id": "customer-1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.org"}}',
    '{{"line1": "1 Main Street", "city": "Berlin", "postalCode": "10115", "country": "DE"}}', '{{}}', now(), now()
"""
_LINE: Final = """
INSERT INTO floor_line (tenant_id, order_id, line_no, sku, name, quantity, unit_price, discount, tax, line_total,
    is_free_gift, is_taxable, branch_code, reserved_quantity, cancelled_quantity, shipped_quantity)
SELECT 'floor', {id}, {n}, {sku}, 'Article', {n}, 1990, 0, 0, 1990, false, true, 'main', {n}, 0, 0
"""
_KEY: Final = """
INSERT INTO floor_idempotency (tenant_id, key_hash, operation, fingerprint, aggregate_id)
SELECT 'floor', sha256(uuid_send({id})), 'placeOrder', uuid_send({id}) || uuid_send({id}), {id}
"""
_EVENT: Final = """
INSERT INTO floor_outbox (tenant_id, aggregate, aggregate_id, sequence, type, payload, request_id, occurred_at)
SELECT 'floor', 'order', {id}, 1, 'order.placed', '{{"status": "PENDING", "lines": 3}}', 'request', now()
"""
_UPDATE: Final = "UPDATE floor_level SET reserved = reserved + {quantity}, version = version + 1 WHERE {which};"


def seven_statements(items: int) -> str:
    """pgbench's script. Ids grow in time, as UUIDv7 do; SKUs are locked in one order by their index."""
    new_id = "(lpad(to_hex(:hi::bigint), 16, '0') || lpad(to_hex(:lo::bigint), 16, '0'))::uuid"
    skus = [f"'SKU-' || lpad(:s{n}::text, 5, '0')" for n in (1, 2, 3)]
    which = f"tenant_id = 'floor' AND branch_code = 'main' AND sku IN ({', '.join(skus)})"
    statements = [
        "BEGIN",
        _UPDATE.format(quantity="2", which=which).rstrip(";"),
        _ORDER.format(id=new_id, number="to_hex(:lo::bigint)"),
        *(_LINE.format(id=new_id, n=n, sku=sku) for n, sku in enumerate(skus, start=1)),
        _KEY.format(id=new_id),
        _EVENT.format(id=new_id),
        "COMMIT",
    ]
    third = items // 3
    return "\n".join(
        [
            "\\set n :n + 1",
            "\\set hi (:base + :n) * 65536 + :client_id",
            "\\set lo random(0, 9000000000000000000)",
            f"\\set s1 random(0, {third - 1})",
            f"\\set s2 random({third}, {2 * third - 1})",
            f"\\set s3 random({2 * third}, {items - 1})",
            *(f"{' '.join(statement.split())};" for statement in statements),
        ]
    )


#: Parameters: id, number, three SKUs in order.
ONE_STATEMENT: Final = f"""
WITH wanted (n, sku) AS (VALUES (1, $3::text COLLATE "C"), (2, $4), (3, $5)),
held AS (
    UPDATE floor_level l SET reserved = l.reserved + w.n, version = l.version + 1 FROM wanted w
    WHERE l.tenant_id = 'floor' AND l.branch_code = 'main' AND l.sku = w.sku),
placed AS ({_ORDER.format(id="$1::uuid", number="$2::text")}),
used AS ({_KEY.format(id="$1::uuid")}),
told AS ({_EVENT.format(id="$1::uuid")})
{_LINE.format(id="$1::uuid", n="w.n", sku="w.sku")} FROM wanted w
"""


class PgBench:
    """The seven-statement floor."""

    def __init__(self, embedded: EmbeddedPostgres, database: str, items: int) -> None:
        place = embedded.place
        self._folder = tempfile.TemporaryDirectory(prefix="oms-bench-")
        script = Path(self._folder.name) / "seven.sql"
        script.write_text(seven_statements(items))
        self._command = [
            str(place.binaries / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2",
            "--max-tries=5", f"--file={script}", "--define=n=0", f"--host={place.sockets}", f"--port={PORT}",
            f"--username={SUPERUSER}",
        ]  # fmt: skip
        self._database = database

    def run(self, seconds: int, watcher: psycopg.Connection[Any]) -> dict[str, float]:
        """Transactions per second, and CPU seconds of the backends and of pgbench per transaction."""
        process = subprocess.Popen(
            [*self._command, f"--time={seconds}", f"--define=base={int(time.time() * 1000)}", self._database],
            env={**os.environ, "PGAPPNAME": APPLICATION}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        pids: list[int] = []
        while len(pids) < CLIENTS and process.poll() is None:
            pids = backends(watcher, APPLICATION)
        # Its backends are gone when it ends, so look while it runs: CPU per second, over transactions per second.
        time.sleep(0.2)
        first, of_client, at = cpu_seconds(pids), cpu_seconds([process.pid]), time.perf_counter()
        time.sleep(max(0.3, seconds - 0.7))
        now = time.perf_counter() - at
        second, of_client = cpu_seconds(pids), cpu_seconds([process.pid]) - of_client
        out, complaint = process.communicate()
        found = re.search(r"^tps = ([\d.]+)", out, re.M)
        if process.returncode or found is None:
            raise RuntimeError(f"pgbench: {complaint or out}")
        rate = float(found[1])
        return {
            "per_second": rate,
            "postgres": (second - first) / now / rate,
            "client": of_client / now / rate,
        }

    def close(self) -> None:
        self._folder.cleanup()


def backends(watcher: psycopg.Connection[Any], application: str) -> list[int]:
    """The server processes of the connections of this name, in the run's database."""
    found = watcher.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s", [application]
    )
    return [row[0] for row in found]
