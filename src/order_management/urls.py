"""One address per concept."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from bff.graphql.graphiql import asset
from bff.http.health import healthz
from order_management.container import graphql_view, readiness

graphql = graphql_view()

urlpatterns: list[URLPattern | URLResolver] = [
    path("graphql/", graphql, name="graphql"),
    path("graphql", graphql),
    path("healthz", healthz),
    path("readyz", readiness()),
]
if settings.GRAPHIQL:
    urlpatterns.append(path("graphiql/<str:name>", asset))
if settings.BUILTIN_IDP:
    urlpatterns.append(path("", include("bff.identity.urls")))
