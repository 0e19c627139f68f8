"""Users of the provider: Django's, each in one tenant by its membership, its groups being its roles."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from bff.identity.login import MAX_NAME, MAX_PASSWORD
from bff.identity.models import Membership
from ddd.shared.domain.text import fault_of, is_storable

_MAX_GROUP = 150


class UserRefused(Exception):
    """Why the user cannot be as it was asked for."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user as it shall be; empty `vendor_id` and `customer_id` leave the claims out, `branches` None means all."""

    tenant_id: str
    username: str
    password: str
    roles: tuple[str, ...]
    vendor_id: str = ""
    customer_id: str = ""
    branches: tuple[str, ...] | None = None


def put_user(new: NewUser) -> None:
    """Make the user, or give the one that is there this password, these roles and claims. Raises UserRefused.

    A user stays in its tenant: one of another tenant is refused.
    """
    _check(new)
    with transaction.atomic(using="system"):
        user, _ = User.objects.get_or_create(username=User.normalize_username(new.username))
        try:
            validate_password(new.password, user)
        except ValidationError as error:
            raise UserRefused(" ".join(error.messages)) from None
        member = Membership.objects.select_for_update().filter(user=user).first()
        if member is None:
            member = Membership(user=user, tenant_id=new.tenant_id, subject=user.username)
        elif member.tenant_id != new.tenant_id:
            raise UserRefused(f"{new.username} belongs to another tenant.")
        member.vendor_id, member.customer_id = new.vendor_id, new.customer_id
        member.branches = None if new.branches is None else list(new.branches)
        member.save()
        user.set_password(new.password)
        user.save()
        user.groups.set([Group.objects.get_or_create(name=role)[0] for role in dict.fromkeys(new.roles)])


def _check(new: NewUser) -> None:
    if len(new.password) > MAX_PASSWORD:
        raise UserRefused(f"A password has at most {MAX_PASSWORD} characters.")
    if not is_storable(new.password):
        raise UserRefused("A password holds no NUL and no lone surrogate.")
    limited = [("name", new.username, MAX_NAME), *(("role", role, _MAX_GROUP) for role in new.roles)]
    limited += [("branch", code, 255) for code in new.branches or ()]
    limited += [("claim", text, 255) for text in (new.vendor_id, new.customer_id) if text]
    for what, text, limit in limited:
        fault = fault_of(text, limit=limit, required=True)
        if fault is not None:
            raise UserRefused(f"The {what}: {fault}")
