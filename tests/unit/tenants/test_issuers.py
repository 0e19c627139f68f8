"""Which addresses an issuer and its keys may have."""

import pytest

from ddd.tenants.domain.issuers import address_fault

DEVELOPMENT = ("http://localhost:8080", "https://127.0.0.1", "http://idp.internal")


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example.com",
        "https://login.example.com/realms/acme/",
        "https://login.example.com:8443/x",
        "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
        "https://[2001:db8::1]/x",
        "http://localhost:8080/realms/x",
        "HTTP://LOCALHOST:8080",
        "https://127.0.0.1:443/x",
        "http://idp.internal:80/x",
    ],
)
def test_may_be_trusted(url: str) -> None:
    assert address_fault(url, DEVELOPMENT, issuer=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "acme",
        "urn:acme",
        "ftp://login.example.com",
        "https://",
        "https:///x",
        "https://a b/",
        "https://login.example.com\\@evil.example",
        "https://login.example.com\n",
        "https://bücher.example",
        "https://user:secret@login.example.com",
        "https://@login.example.com",
        "https://login.example.com:0/",
        "https://login.example.com:99999/",
        "https://login.example.com:x/",
        "https://[::1",
        "https://login.example.com/?x=1",
        "https://login.example.com/#x",
        "https://login.example.com/#",
        "https://x.example/\x00",
        "https://x.example/\udc80",
        "https://x.example/" + "x" * 240,
        # http, or this machine, without being named
        "http://login.example.com",
        "http://localhost:8081",
        "https://localhost:8080",
        "https://localhost",
        "https://LOCALHOST.",
        "https://idp.localhost",
        "https://127.0.0.1:8443",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://0.0.0.0",
        "https://[::1]",
        "https://[::]",
        "https://[::ffff:127.0.0.1]",
        "http://idp.internal:8080",
        "http://idp.internal.evil.example",
    ],
)
def test_may_not_be_trusted(url: str) -> None:
    assert address_fault(url, DEVELOPMENT, issuer=True) is not None


def test_a_key_sets_address_may_have_a_query_but_no_fragment() -> None:
    assert address_fault("https://login.example.com/keys?v=2", (), issuer=False) is None
    assert address_fault("https://login.example.com/keys#v2", (), issuer=False) is not None
