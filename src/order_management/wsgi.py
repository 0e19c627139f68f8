"""The WSGI application, for granian (`make run`), gunicorn or any other server."""

import os

from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, reset_queries

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "order_management.settings")

application = get_wsgi_application()

# Django would look after its connections and caches at each request's start and end: 5 % of a short request's CPU, for
# connections that are ours to keep (statements notice a dead one themselves) and caches that nobody uses.
request_started.disconnect(reset_queries)
request_started.disconnect(close_old_connections)
request_finished.disconnect(close_old_connections)
request_finished.disconnect(close_caches)
