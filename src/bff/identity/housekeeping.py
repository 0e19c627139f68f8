"""What of logins has had its time; the relay process sweeps it every hour."""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone

from bff.identity.login import WINDOW_SECONDS
from bff.identity.models import LoginAttempts


def sweep() -> None:
    """Delete the sessions that have expired and the counts of failed logins that nobody asks for any more."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    LoginAttempts.objects.filter(since__lt=timezone.now() - timedelta(seconds=2 * WINDOW_SECONDS)).delete()
