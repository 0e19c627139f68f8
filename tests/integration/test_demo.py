"""`make demo` on a copy of the clone, without a database: the whole history once, and nothing of it twice."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from order_management.demo import northwind
from order_management.processes import wait_until

CLONE = Path(__file__).resolve().parents[2]
# The copy knows nothing of the surroundings.
ENVIRON = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "DATABASE_URL"}}
BARS = [
    "opening branches  [##############################] 4/4",
    "loading items     [##############################] 77/77",
    "placing orders    [##############################] 830/830",
    "shipping them     [##############################] 809/809",
]


@pytest.fixture
def copy() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="oms-demo-"))
    folder.chmod(0o755)
    shutil.copy(CLONE / "manage.py", folder)
    shutil.copytree(CLONE / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    yield folder
    shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_to_the_end(copy: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=copy,
        env={**ENVIRON, "DEMO_EXIT": "1", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


class Demo:
    """One that keeps serving."""

    def __init__(self, copy: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/graphql/"
        self._output = copy / "output"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=copy,
                env={**ENVIRON, "PORT": str(port)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self._output.read_text()

    def wait(self) -> "Demo":
        assert wait_until(lambda: "Ctrl-C stops." in self.said() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.said()
        return self

    def tokens(self) -> list[str]:
        """Northwind's, and globex's."""
        return re.findall(r"^(eyJ\S+)$", self.said(), re.MULTILINE)

    def ask(self, token: str, query: str) -> Any:
        answer = httpx.post(self.url, json={"query": query}, headers={"Authorization": f"Bearer {token}"}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def paste(self, number: int) -> Any:
        """The data that a shell would get for the curl command of that number."""
        commands = re.findall(r"^curl (?:.*\\\n)+.*", self.said(), re.MULTILINE)
        words = shlex.split(commands[number].replace("\\\n", ""))
        headers = dict(words[i + 1].split(": ") for i, word in enumerate(words) if word == "-H")
        (url,) = [word for word in words if word.startswith("http://")]
        return httpx.post(url, content=words[words.index("-d") + 1], headers=headers).json()["data"]


def test_the_history_is_replayed_once_however_often_the_demo_runs(copy: Path) -> None:
    port = str(free_port())
    first = run_to_the_end(copy, PORT=port)
    assert (first.returncode, first.stderr) == (0, "")
    *bars, done, pace = first.stdout.splitlines()
    assert bars == BARS
    assert done == "830 orders placed, 809 shipped; 0 orders were there already"
    assert re.fullmatch(r"[\d,]+ orders per second \(830 placed or found in [\d.]+ s\)", pace)

    # The same port: the same issuer and caller, so each order is found by its idempotency key.
    second = run_to_the_end(copy, PORT=port)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.splitlines()[-2] == "0 orders placed, 0 shipped; 830 orders were there already"

    # Another port: another issuer, whose keys are as unknown as expired ones, so each is found by its reference.
    demo = Demo(copy, free_port())
    try:
        demo.wait()
        assert demo.said().splitlines()[4] == "0 orders placed, 0 shipped; 830 orders were there already"
        check_orders_and_stock(demo)
        check_what_it_says(demo)
        os.killpg(demo.process.pid, signal.SIGINT)  # a terminal's Ctrl-C reaches the whole group
        assert demo.process.wait(30) == 0
        assert "Traceback" not in demo.said()
        assert not (copy / ".data" / f"pg{os.environ.get('PG') or '18'}" / "postmaster.pid").exists()
    finally:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(60)


def check_orders_and_stock(demo: Demo) -> None:
    """For every item: opening - shipped = on hand, and reserved = what is open."""
    history = northwind.read()
    token, _ = demo.tokens()
    counts = demo.ask(
        token,
        """{
          all: orders(first: 1, filter: {channel: "northwind", paymentStatus: [UNPAID]}) { totalCount }
          shipped: orders(first: 1, filter: {channel: "northwind", status: [SHIPPED]}) { totalCount }
          pending: orders(first: 1, filter: {channel: "northwind", status: [PENDING]}) { totalCount }
          stockLevels(first: 100) { totalCount nodes { sku branchCode onHand reserved available } }
        }""",
    )
    assert [counts[each]["totalCount"] for each in ("all", "shipped", "pending")] == [830, 809, 21]
    shipped: Counter[str] = Counter()
    still_open: Counter[str] = Counter()
    for order in history.orders:
        for line in order.placing["lines"]:
            (still_open if order.shipping is None else shipped)[line["sku"]] += line["quantity"]
    assert counts["stockLevels"]["totalCount"] == 77
    assert {level["sku"]: level for level in counts["stockLevels"]["nodes"]} == {
        receipt["sku"]: {
            "sku": receipt["sku"],
            "branchCode": receipt["branchCode"],
            "onHand": receipt["quantity"] - shipped[receipt["sku"]],
            "reserved": still_open[receipt["sku"]],
            "available": receipt["quantity"] - shipped[receipt["sku"]] - still_open[receipt["sku"]],
        }
        for receipt in history.catalogue.receipts
    }


def check_what_it_says(demo: Demo) -> None:
    """Its two requests work as they are printed, GraphiQL is on, and the second tenant sees nothing of the first."""
    placed = demo.paste(0)["placeOrder"]
    assert (placed["errors"], placed["replayed"], placed["order"]["status"]) == ([], False, "PENDING")
    assert demo.paste(0)["placeOrder"]["replayed"] is True
    read = demo.paste(1)["getOrder"]
    assert read["total"] == {"amount": "472.38", "currency": "USD"}
    assert read["shipments"] == [{"carrier": "Federal Shipping", "shippedAt": "1996-07-16T00:00:00Z"}]
    page = httpx.get(demo.url, headers={"Accept": "text/html"})
    assert (page.status_code, "GraphiQL" in page.text) == (200, True)
    _, globex = demo.tokens()
    seen = demo.ask(
        globex,
        f'{{ getOrder(orderId: "{read["id"]}") {{ id }} orders(first: 1) {{ totalCount }}'
        " stockLevels(first: 100) { nodes { sku branchCode onHand } } }",
    )
    assert seen["getOrder"] is None
    assert seen["orders"]["totalCount"] == 0
    assert seen["stockLevels"]["nodes"] == [
        {"sku": "GX-01", "branchCode": "MAIN", "onHand": 5},
        {"sku": "NW-01", "branchCode": "MAIN", "onHand": 10},
    ]


def test_a_taken_port_is_one_line_and_no_database_is_started(copy: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run_to_the_end(copy, PORT=str(port))
    assert (refused.returncode, refused.stdout) == (1, "")
    advice = "stop what listens there, or give another PORT"
    assert refused.stderr == f"port {port} on 127.0.0.1 cannot be used: Address already in use; {advice}\n"
    assert not list((copy / ".data").glob("pg*"))


def test_without_the_builtin_identity_provider_there_is_one_line(copy: Path) -> None:
    refused = run_to_the_end(copy, BUILTIN_IDP="off")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "the demo's tokens come from the built-in identity provider; leave BUILTIN_IDP on\n"
