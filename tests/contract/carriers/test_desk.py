"""The desk, the tenant's own drivers, and where secrets come from."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from ddd.orders.application.carriers import (
    AccountFault,
    CarrierAccount,
    CarrierRefused,
    LabelBought,
    LabelVoided,
    Secret,
    choose_account,
)
from ddd.orders.domain.parts import ShipmentMode
from ddd.orders.infrastructure.carriers.credentials import OperatorsCredentials
from ddd.orders.infrastructure.carriers.desk import CARRIERS, CarrierDesk
from ddd.orders.infrastructure.carriers.http import Http
from tests.contract.carriers.cases import CASES, KEY, REQUEST, SECRETS, GivenSecrets, HeldClock

ALL = frozenset(ShipmentMode)
OWN = CarrierAccount("self_delivery", ALL, options={"tracking_url": "https://shop.example/track/{reference}"})


def desk(secrets: Mapping[str, Mapping[str, str]] = SECRETS) -> CarrierDesk:
    return CarrierDesk(GivenSecrets(secrets), Http(), HeldClock())


def test_the_carriers_are_these() -> None:
    assert list(CARRIERS) == ["easypost", "self_delivery", "shippo", "shipbob", "ninja_van"]


def test_own_drivers_get_a_reference_that_follows_from_the_shipment() -> None:
    bought = desk().buy_label(OWN, REQUEST)
    assert isinstance(bought, LabelBought)
    reference = bought.tracking_reference
    assert bought == LabelBought(reference, reference, f"https://shop.example/track/{reference}")
    assert (reference[:3], len(reference)) == ("SD-", 16)
    assert desk().buy_label(OWN, REQUEST) == bought
    for other in (replace(KEY, shipment_id=UUID(int=1)), replace(KEY, tenant_id="southwind")):
        assert desk().buy_label(OWN, replace(REQUEST, key=other)) != bought
    assert desk().void_label(OWN, KEY) == LabelVoided(existed=False)


def test_own_drivers_need_no_tracking_page() -> None:
    bought = desk().buy_label(replace(OWN, options={}), REQUEST)
    assert isinstance(bought, LabelBought)
    assert bought.tracking_url is None


@pytest.mark.parametrize("url", ["javascript:{reference}", "https://shop.example/", "https://a/{reference}{reference}"])
def test_a_tracking_page_is_an_address_with_the_reference_in_it(url: str) -> None:
    said = "Option tracking_url is an http address with {reference} in it."
    account = replace(OWN, options={"tracking_url": url})
    assert desk().fault_of("northwind", account) == AccountFault("options", said)
    assert desk().buy_label(account, REQUEST) == CarrierRefused(said, final=False)


def test_an_unknown_carrier_is_a_refusal() -> None:
    refusal = CarrierRefused("There is no carrier 'pigeon'.", final=False)
    assert desk().buy_label(CarrierAccount("pigeon", ALL), REQUEST) == refusal
    assert desk().void_label(CarrierAccount("pigeon", ALL), KEY) == refusal


def test_a_mode_that_the_carrier_does_not_do_is_a_fault_of_the_account() -> None:
    options = {"channel_id": "1"}
    account = CarrierAccount("shipbob", frozenset({ShipmentMode.WAREHOUSE}), "shipbob", options=options)
    assert desk().fault_of("northwind", account) is None
    fault = desk().fault_of("northwind", replace(account, modes=ALL))
    assert fault == AccountFault("modes", "shipbob does not do DROPOFF shipments here.")


def test_another_tenants_secret_is_not_found() -> None:
    account = CarrierAccount("easypost", ALL, "easypost")
    assert desk().fault_of("northwind", account) is None
    fault = desk().fault_of("southwind", account)
    assert fault == AccountFault("credentials", "The account's secret is missing, or has no usable part 'api_key'.")


def test_a_secret_that_would_break_a_header_is_not_used() -> None:
    fault = desk({"shippo": {"token": "a\r\nX-Evil: 1"}}).fault_of("northwind", CarrierAccount("shippo", ALL, "shippo"))
    assert fault == AccountFault("credentials", "The account's secret is missing, or has no usable part 'token'.")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.easypost.com",
        "https://api.easypost.com:8443",
        "https://api.easypost.com.evil.example",
        "https://api.easypost.com@evil.example",
        "https://evil.example",
        "http://127.0.0.1:8000",
        "http://169.254.169.254",
        "https://api.easypost.com/../..",
        "https://api.easypost.com?x=1",
        "file:///etc/passwd",
        "https://[::1",
        "",
    ],
)
def test_an_address_that_nobody_vouches_for_is_never_called(url: str) -> None:
    for case in CASES:
        account = CarrierAccount(case.name, ALL, case.name, url, options=case.options)
        fault = desk().fault_of("northwind", account)
        assert fault == AccountFault("base_url", "The base URL is none that this carrier is known under.")


def test_a_sandbox_that_the_adapter_knows_may_be_chosen() -> None:
    options = {"country": "sg", "tracking_prefix": ""}
    account = CarrierAccount("ninja_van", ALL, "ninja_van", "https://API-sandbox.ninjavan.co:443/", None, options)
    assert desk().fault_of("northwind", account) is None


def test_the_first_account_for_the_mode_is_chosen_and_a_named_carrier_goes_before() -> None:
    drop = CarrierAccount("shippo", frozenset({ShipmentMode.DROPOFF}))
    accounts = (drop, OWN, replace(OWN, options={}))
    assert choose_account(accounts, ShipmentMode.DROPOFF) is drop
    assert choose_account(accounts, ShipmentMode.PICKUP) is OWN
    assert choose_account(accounts, ShipmentMode.DROPOFF, "self_delivery") is OWN
    assert choose_account(accounts, ShipmentMode.PICKUP, "shippo") is None
    assert choose_account((), ShipmentMode.PICKUP) is None


def test_what_is_printed_of_a_secret_are_its_parts_names() -> None:
    secret = Secret({"token": "hunter2", "empty": ""})
    assert f"{secret} {secret!r}" == "Secret(empty, token) Secret(empty, token)"
    assert (secret.part("token"), secret.part("empty"), secret.part("other")) == ("hunter2", None, None)


def test_secrets_come_from_the_environment_by_tenant_and_name() -> None:
    source = OperatorsCredentials({"CARRIER_SECRETS": '{"northwind": {"main": {"api_key": "k"}}}'})
    found = source.find("northwind", "main")
    assert found is not None
    assert found.part("api_key") == "k"
    for tenant, name in (("northwind", "api_key"), ("northwind", "other"), ("southwind", "main"), ("main", "api_key")):
        assert source.find(tenant, name) is None
    assert OperatorsCredentials({}).find("northwind", "main") is None


def test_a_secret_changed_in_the_file_is_in_force_at_once(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    source = OperatorsCredentials({"CARRIER_SECRETS_FILE": str(file)})
    for key in ("one", "two"):
        file.write_text(f'{{"northwind": {{"main": {{"api_key": "{key}"}}}}}}')
        found = source.find("northwind", "main")
        assert found is not None
        assert found.part("api_key") == key


@pytest.mark.parametrize("text", ['{"northwind": hunter2}', "[]", '{"northwind": {"main": "hunter2"}}', "null"])
def test_secrets_that_cannot_be_read_are_none_and_stay_out_of_the_log(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "secrets.json"
    file.write_text(text)
    sources: tuple[dict[str, str], ...] = (
        {"CARRIER_SECRETS": text},
        {"CARRIER_SECRETS_FILE": str(file)},
        {"CARRIER_SECRETS_FILE": str(tmp_path / "missing.json")},
    )
    for source in sources:
        assert OperatorsCredentials(source).find("northwind", "main") is None
    assert "hunter2" not in caplog.text
