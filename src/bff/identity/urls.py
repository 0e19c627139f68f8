"""The provider's addresses."""

from django.urls import path

from bff.identity import views

urlpatterns = [
    path(".well-known/openid-configuration", views.openid_configuration),
    path(".well-known/jwks.json", views.jwks),
    path("accounts/login/", views.login, name="identity-login"),
    path("accounts/api/token/", views.token, name="identity-token"),
]
