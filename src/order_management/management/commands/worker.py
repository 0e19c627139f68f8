"""`manage.py worker`: takes jobs from the queue and does them until it is told to stop."""

from typing import Any

from django.core.management.base import BaseCommand

from order_management.jobs import jobs, periodic
from order_management.worker import Worker


class Command(BaseCommand):
    help = "Do jobs: expiry, retries, whatever follows a commit. Any number may run."

    requires_system_checks = ()  # they load the whole schema, and concern the server

    def handle(self, *args: Any, **options: Any) -> None:
        Worker(jobs(), periodic()).run()
