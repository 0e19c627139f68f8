"""A label by the real worker: `manage.py worker`, a process of its own, which finds the secret in its environment."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from order_management.processes import wait_until
from tests.contract.carriers.cases import SECRETS
from tests.contract.carriers.easypost_vendor import EasyPostVendor
from tests.contract.carriers.vendors import Fault
from tests.integration.jobs.support import CLONE, until
from tests.integration.labels.support import PRIVATE, Trade


@contextmanager
def worker(trade: Trade, environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    assert trade.vendor is not None
    told = {
        "CARRIER_SECRETS": json.dumps({trade.tenant_id: SECRETS}),
        "CARRIER_ORIGINS": trade.vendor.url,
        "PYTHONPATH": "src",
        "LOG_LEVEL": "DEBUG",
    }
    command = [sys.executable, "manage.py", "worker"]
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=CLONE, env={**os.environ, **environment, **told}, stderr=file)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_worker_buys_asks_again_after_the_carriers_pause_and_takes_back(
    database: object, database_environment: Mapping[str, str], tmp_path: Path
) -> None:
    vendor = EasyPostVendor()
    try:
        trade = Trade(vendor)
        trade.choose(trade.account("easypost"))
        vendor.faults[2] = Fault.BUSY
        named = trade.confirmed()
        trade.relayed()
        with worker(trade, database_environment, tmp_path / "log") as process:
            assert wait_until(lambda: trade.shipment(named)["problem"] == "The carrier answered 429.", 30)
            assert wait_until(lambda: trade.shipment(named)["trackingReference"] is not None, 30)
            trade.cancelled(named)
            trade.relayed()
            until(trade.tenant_id, "succeeded", "succeeded")
            process.terminate()
            assert process.wait(30) == 0
        assert trade.told(named) == ["requested", "failed", "bought", "recalled", "voided"]
        assert (vendor.labels, vendor.shipments[0]["refund_status"]) == (1, "submitted")
        said = (tmp_path / "log").read_text()
        assert f'"name":"orders.buy_label","tenant":"{trade.tenant_id}"' in said
        assert [word for word in (*PRIVATE, "EZTK-secret") if word in said] == []
    finally:
        vendor.close()
