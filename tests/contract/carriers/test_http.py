"""What the calls to carriers promise, whoever the carrier is."""

import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ddd.orders.application.carriers import CarrierRefused, CarrierUnavailable
from ddd.orders.infrastructure.carriers import http
from ddd.orders.infrastructure.carriers.http import Http, Reply, answered, origin_of
from tests.contract.carriers.vendors import Asked, Fault, Told, Vendor


class Echo(Vendor):
    def answer(self, asked: Asked) -> Told:
        return Told(200, {"method": asked.method, "path": asked.path, "headers": dict(asked.headers)})


@pytest.fixture
def echo() -> Iterator[Echo]:
    vendor = Echo()
    yield vendor
    vendor.close()


def get(vendor: Vendor, total_seconds: float = 10.0) -> Reply | CarrierRefused | CarrierUnavailable:
    return answered(lambda: Http([vendor.url], total_seconds=total_seconds).send("GET", vendor.url, "/x", {}))


def test_a_call_says_who_and_what_it_is(echo: Echo) -> None:
    Http([echo.url]).send("POST", echo.url, "/x?y=1", {"Authorization": "Bearer t"}, {"a": "é"})
    (asked,) = echo.asked
    assert (asked.method, asked.path, asked.query, asked.body) == ("POST", "/x", {"y": "1"}, {"a": "é"})
    assert asked.headers == {
        "host": echo.url.removeprefix("http://"),
        "authorization": "Bearer t",
        "accept": "application/json",
        "user-agent": "order-management",
        "connection": "close",
        "content-type": "application/json",
        "content-length": "10",
    }


def test_a_proxy_in_the_environment_is_not_asked(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert isinstance(get(echo), Reply)


def test_a_body_of_a_megabyte_is_read_and_not_a_byte_more(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    for size, kind in ((1_000_000, Reply), (1_000_001, CarrierUnavailable)):
        monkeypatch.setattr(echo, "answer", lambda _, size=size: Told(200, "x" * (size - 2)))
        assert isinstance(get(echo), kind)


def test_a_host_that_takes_no_connection_is_given_up_after_the_seconds_for_connecting() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = [socket.socket() for _ in range(3)]
    for each in waiting:  # the queue is full after the first
        each.setblocking(False)
        each.connect_ex(listener.getsockname())
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    started = time.monotonic()
    try:
        outcome = answered(lambda: Http([url], connect_seconds=0.2).send("GET", url, "/", {}))
    finally:
        for each in (*waiting, listener):
            each.close()
    assert outcome == CarrierUnavailable("The carrier did not answer (TimeoutError).", 60)
    assert time.monotonic() - started < 3


def test_the_patience_promised_is_three_seconds_to_connect_and_ten_in_all() -> None:
    assert (http.CONNECT_SECONDS, http.TOTAL_SECONDS, http.MAX_BODY) == (3.0, 10.0, 1_000_000)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"retry-after": "25"}, 25),
        ({"x-retry-after": "25"}, 25),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "99999999999999"}, 3_600),
        ({"retry-after": formatdate(1_000_090, usegmt=True)}, 91),
        ({"retry-after": formatdate(999_000, usegmt=True)}, 1),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "-5"}, 60),
        ({"retry-after": "²"}, 60),
    ],
)
def test_how_long_to_wait_is_read_from_the_answer(headers: dict[str, str], seconds: int) -> None:
    caller = Http(wall=lambda: 1_000_000)
    outcome = answered(lambda: caller.settle(Reply(429, headers, b"")))
    assert outcome == CarrierUnavailable("The carrier answered 429.", seconds)


@pytest.mark.parametrize("status", [200, 201, 204, 400, 404, 409, 422])
def test_the_carriers_word_is_handed_on(status: int) -> None:
    reply = Reply(status, {}, b"")
    assert answered(lambda: Http().settle(reply)) is reply


@pytest.mark.parametrize("status", [301, 302, 304, 408, 425, 429, 500, 502, 503, 504, 599])
def test_what_is_no_word_of_the_carrier_is_asked_again(status: int) -> None:
    assert isinstance(answered(lambda: Http().settle(Reply(status, {}, b""))), CarrierUnavailable)


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_matter_of_the_account_is_a_refusal_that_may_end(status: int) -> None:
    outcome = answered(lambda: Http().settle(Reply(status, {}, b"")))
    assert isinstance(outcome, CarrierRefused)
    assert not outcome.final


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP_AFTER])
def test_the_alarm_ends_an_exchange_that_takes_too_long(echo: Echo, fault: Fault) -> None:
    echo.faults[0] = fault
    assert isinstance(get(echo, total_seconds=0.2), CarrierUnavailable)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.easypost.com", "https://api.easypost.com:443"),
        ("http://LOCALHOST:80/", "http://localhost:80"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://api.easypost.com/v2", None),
        ("https://user@api.easypost.com", None),
        ("https://api.easypost.com:0", None),
        ("https://api.easypost.com:99999", None),
        ("https://äpi.example", None),
        ("ftp://api.easypost.com", None),
        ("api.easypost.com", None),
    ],
)
def test_an_origin_is_a_scheme_a_host_and_a_port(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


Certify = Callable[[str], ssl.SSLContext]


@pytest.fixture
def certify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certify]:
    """A server's TLS with a certificate for an address; the first one made is trusted."""
    trusted = tmp_path / "trusted.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    http._tls.cache_clear()

    def make(address: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a carrier")])
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        if not trusted.exists():
            trusted.write_bytes(pem)
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        file = tmp_path / f"{certificate.serial_number}.pem"
        file.write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, form, plain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    yield make
    http._tls.cache_clear()


def over_tls(context: ssl.SSLContext) -> Reply | CarrierRefused | CarrierUnavailable:
    vendor = Echo(context)
    try:
        return get(vendor)
    finally:
        vendor.close()


def test_a_carrier_with_a_good_certificate_is_spoken_to_over_tls(certify: Certify) -> None:
    assert isinstance(over_tls(certify("127.0.0.1")), Reply)


@pytest.mark.parametrize("wrong", ["name", "issuer"])
def test_a_certificate_of_another_name_or_issuer_ends_the_call(certify: Certify, wrong: str) -> None:
    certify("127.0.0.1") if wrong == "issuer" else None
    context = certify("127.0.0.1" if wrong == "issuer" else "127.0.0.2")
    assert over_tls(context) == CarrierUnavailable("The carrier's certificate is not valid.", None)
