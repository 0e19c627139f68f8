"""Django's settings, all from the environment; the names and defaults are promised in the operator's guide."""

import os
import re
import secrets
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bff.http.address import ClientAddress
from bff.http.logs import configuration
from ddd.orders.infrastructure.carriers.credentials import are_secrets
from order_management.database import databases, embedded_postgres
from order_management.errors import CannotStart
from order_management.places import own_folder

BASE_DIR: Final = Path(__file__).resolve().parents[2]
DATA_DIR: Final = BASE_DIR / ".data"
_SHORTEST_SECRET_KEY: Final = 32


def _switch(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in {"", "1", "on", "true", "yes", "0", "off", "false", "no"}:
        return value in {"1", "on", "true", "yes"} if value else default
    raise CannotStart(f"{name} is on or off, not {value!r}")


def _words(name: str) -> list[str]:
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def _origins(name: str) -> list[str]:
    """Scheme, host and port, nothing else: browsers and issuers are compared with them."""
    origins = _words(name)
    for origin in origins:
        try:
            parts = urlsplit(origin)
            sane = bool(parts.hostname) and parts.port != 0 and "@" not in origin
        except ValueError:
            sane = False
        if not sane or parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}":
            raise CannotStart(f"{name}: {origin!r} is no origin; write it as https://shop.example:8443")
    return origins


def _proxies() -> list[str]:
    names = _words("TRUSTED_PROXIES")
    for name in names:
        try:
            ClientAddress([name])
        except ValueError:
            raise CannotStart(
                f"TRUSTED_PROXIES: {name!r} is no address, no network and not unix; write it as 10.0.0.1 or 10.0.0.0/8"
            ) from None
    return names


def _check_carrier_secrets() -> None:
    """The file may be another user's than the one who starts a command; what stands in the environment is there."""
    text = os.environ.get("CARRIER_SECRETS")
    if text and not are_secrets(text):
        raise CannotStart('CARRIER_SECRETS is JSON such as {"acme": {"easypost": {"api_key": "…"}}}')


def _log_level() -> str:
    value = os.environ.get("LOG_LEVEL", "").strip().upper() or "INFO"
    if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise CannotStart(f"LOG_LEVEL is DEBUG, INFO, WARNING or ERROR, not {value!r}")
    return value


def _port() -> int:
    value = os.environ.get("PORT") or "8000"
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
        raise CannotStart(f"PORT is a number from 1 to 65535, not {value!r}")
    return int(value)


def _public_url() -> str:
    given = os.environ.get("PUBLIC_URL", "").rstrip("/")
    if not given:
        return f"http://[{HOST}]:{PORT}" if ":" in HOST else f"http://{HOST}:{PORT}"
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", given):
        raise CannotStart(f"PUBLIC_URL is an address such as https://orders.example.com, not {given!r}")
    return given


def _secret_key() -> str:
    """The environment's, else one made at the first start and kept. The login's cookies are signed with it."""
    given = os.environ.get("SECRET_KEY", "")
    if given:
        if len(given) < _SHORTEST_SECRET_KEY:
            raise CannotStart(
                f"SECRET_KEY is shorter than {_SHORTEST_SECRET_KEY} characters; without it one is made and kept"
            )
        return given
    path = DATA_DIR / "secret_key"
    try:
        own_folder(DATA_DIR)
        if not path.exists():
            aside = DATA_DIR / f"secret_key.new-{os.getpid()}"
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(aside, path)  # the first of two who start at once wins, and both read its key
            except FileExistsError:
                pass
            aside.unlink()
        kept = path.read_text()
        if len(kept) < _SHORTEST_SECRET_KEY:
            raise CannotStart(f"the secret key in {path} is too short; remove the file: another is made")
        return kept
    except OSError as error:
        raise CannotStart(f"cannot keep a secret key in {path}: {error.strerror}; give SECRET_KEY") from error


HOST: Final = os.environ.get("HOST") or "127.0.0.1"
PORT: Final = _port()
DEV_ISSUERS: Final = _origins("DEV_ISSUERS")
GRAPHQL_INTROSPECTION: Final = _switch("GRAPHQL_INTROSPECTION", True)
GRAPHIQL: Final = _switch("GRAPHIQL", False)
BUILTIN_IDP: Final = _switch("BUILTIN_IDP", True)
CORS_ALLOWED_ORIGINS: Final = _origins("CORS_ALLOWED_ORIGINS")
# Where carriers' sandboxes and mock servers may be, beside the addresses that the adapters know.
CARRIER_ORIGINS: Final = _origins("CARRIER_ORIGINS")
_check_carrier_secrets()
# Whose X-Forwarded-For is believed: addresses, networks, or `unix` for a peer on a unix socket.
TRUSTED_PROXIES: Final = _proxies()
# The address clients reach this server under: the built-in identity provider's issuer.
PUBLIC_URL: Final = _public_url()
PUBLIC_URL_IS_CONFIGURED: Final = bool(os.environ.get("PUBLIC_URL"))

SECRET_KEY = _secret_key()
DEBUG = False
# No link, redirect or token is built from the Host header, so none needs to be refused here.
ALLOWED_HOSTS = ["*"]

EMBEDDED_POSTGRES: Final = embedded_postgres(os.environ, BASE_DIR)
DATABASES: dict[str, dict[str, Any]] = databases(os.environ, EMBEDDED_POSTGRES)

# Users, sessions and signing keys are the system role's alone.
DATABASE_ROUTERS = ["bff.identity.router.IdentityRouter"]

ROOT_URLCONF = "order_management.urls"
WSGI_APPLICATION = "order_management.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "strawberry_django",
    "ddd.shared.infrastructure",
    "ddd.tenants.infrastructure",
    "ddd.branches.infrastructure",
    "ddd.stock.infrastructure",
    "ddd.orders.infrastructure",
    "bff.identity",
    "order_management",
    "procrastinate.contrib.django",  # last: of two commands with one name the first app's counts
]
# Each middleware costs every request; the login's views put sessions, csrf and auth around themselves.
MIDDLEWARE: list[str] = ["bff.http.envelope.Envelope"]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/accounts/login/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https:")
# Behind a proxy that ends TLS the login's Origin is the public one, not what this process sees.
CSRF_TRUSTED_ORIGINS = ["/".join(PUBLIC_URL.split("/")[:3])]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = None

# The app brings tables and migrations; what is done with them stands in worker.py and job_queue.py.
PROCRASTINATE_DATABASE_ALIAS = "system"
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
LANGUAGE_CODE = "en"

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

LOGGING: dict[str, Any] = configuration(_log_level())
