"""The provider's pages. Sessions and CSRF protection live here alone; the rest of the server has no cookies."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from bff.identity.login import TooManyFailures, check_password
from bff.identity.models import Membership
from bff.identity.provider import AUDIENCE, DEFAULT_TTL, Grantee, issue, issuer
from bff.identity.signing import ALGORITHM, public_jwks, signer

View = Callable[..., HttpResponseBase]
_SECONDS_TO_CACHE_KEYS = 30


def offered(view: View) -> View:
    """404 where the provider is switched off."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.BUILTIN_IDP:
            raise Http404
        return view(request, *args, **kwargs)

    return inner


def with_session(view: View) -> View:
    """Put the session and its user around one view."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        def respond(inside: HttpRequest) -> HttpResponse:
            answer = view(inside, *args, **kwargs)
            assert isinstance(answer, HttpResponse)
            render = getattr(answer, "render", None)  # a TemplateResponse is rendered while the session is there
            return render() if callable(render) else answer

        answer = SessionMiddleware(AuthenticationMiddleware(respond))(request)
        assert isinstance(answer, HttpResponse)  # sync in, sync out
        return answer

    return inner


@offered
@require_safe
def openid_configuration(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Discovery 1.0 §3, as far as it applies: a token is had by name and password."""
    base = issuer()
    document = {
        "issuer": base,
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "authorization_endpoint": f"{base}/accounts/login/",
        "token_endpoint": f"{base}/accounts/api/token/",
        "response_types_supported": ["token"],
        "grant_types_supported": ["password"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["sub", "tenant_id", "roles", "vendor_id", "customer_id", "branches"],
    }
    return _cached(JsonResponse(document))


@offered
@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """The public keys (RFC 7517 §5); the first request ever makes one."""
    keys = public_jwks()
    if not keys:
        signer()
        keys = public_jwks()
    return _cached(JsonResponse({"keys": keys}, content_type="application/jwk-set+json"))


def _cached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={_SECONDS_TO_CACHE_KEYS}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


class LoginForm(AuthenticationForm):
    """Django's, with our brake on guessing."""

    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name and password and self.request is not None:
            try:
                self.user_cache = check_password(self.request, name, password)
            except TooManyFailures:
                raise ValidationError("Too many attempts. Try again later.", code="throttled") from None
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return self.cleaned_data


def _alone(view: View) -> View:
    """The page is shown by nobody else, and loads and sends nothing elsewhere."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        response["X-Frame-Options"] = "DENY"
        response["X-Content-Type-Options"] = "nosniff"
        response["Referrer-Policy"] = "same-origin"  # Django's CSRF check wants one on https
        return response

    return inner


login = never_cache(
    offered(
        _alone(
            with_session(
                csrf_protect(
                    LoginView.as_view(
                        template_name="identity/login.html",
                        authentication_form=LoginForm,
                        next_page=reverse_lazy("identity-token"),
                    )
                )
            )
        )
    )
)


@csrf_exempt
@offered
@require_http_methods(["GET", "POST"])
@with_session
def token(request: HttpRequest) -> HttpResponse:
    """An access token for a name and a password (POST: JSON or form), or for the session of a login (GET, POST).

    `{"access_token", "token_type": "Bearer", "expires_in"}`; refusals are `{"error", "error_description"}` (RFC 6749
    §5.1, §5.2), 401 where the name or the password is wrong, without a word which. Without CSRF protection: another
    site can neither read the answer nor, the cookie being SameSite=Lax, send the session along.
    """
    try:
        given = _credentials(request)
        if given is None:
            return _refused(400, "invalid_request", "Give username and password, as JSON or as a form.")
        user = check_password(request, *given) if given else request.user
    except TooManyFailures as failures:
        response = _refused(429, "slow_down", "Too many attempts. Try again later.")
        response["Retry-After"] = str(failures.seconds)
        return response
    if not isinstance(user, User):
        return _refused(401, "invalid_grant", "The name or the password is wrong.")
    member = Membership.objects.filter(user_id=user.pk).first()
    if member is None:
        return _refused(403, "access_denied", "This user belongs to no tenant.")
    grantee = Grantee(
        tenant_id=member.tenant_id,
        subject=member.subject,
        roles=list(user.groups.order_by("name").values_list("name", flat=True)),
        vendor_id=member.vendor_id or None,
        customer_id=member.customer_id or None,
        branches=member.branches,
    )
    answer = {"access_token": issue(grantee), "token_type": "Bearer", "expires_in": DEFAULT_TTL}
    return _uncached(JsonResponse(answer))


def _credentials(request: HttpRequest) -> tuple[str, str] | tuple[()] | None:
    """Name and password; nothing where a session is to be used; None where they cannot be read."""
    if request.method == "GET":
        return ()
    given: Any = request.POST
    if request.content_type == "application/json":
        try:
            given = json.loads(request.body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(given, dict):
            return None
    if "username" not in given and "password" not in given:
        return () if settings.SESSION_COOKIE_NAME in request.COOKIES else None
    name, password = given.get("username"), given.get("password")
    return (name, password) if isinstance(name, str) and isinstance(password, str) else None


def _refused(status: int, error: str, description: str) -> HttpResponse:
    response = _uncached(JsonResponse({"error": error, "error_description": description}, status=status))
    if status == 401:
        response["WWW-Authenticate"] = f'Bearer realm="{AUDIENCE}"'
    return response


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
