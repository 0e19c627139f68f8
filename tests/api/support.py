"""Talking to the whole server as clients do: a token of the built-in provider, a POST to `/graphql/`."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from bff.identity.provider import Grantee, issue
from tests.builders import registered

Json = dict[str, Any]


@dataclass
class ApiCaller:
    """Somebody with a token."""

    token: str
    client: Client = field(default_factory=Client)

    def post(self, document: str, variables: Json | None = None, **headers: str) -> HttpResponse:
        """The response as HTTP has it. `headers`: as in WSGI, `HTTP_ACCEPT="…"`."""
        body = json.dumps({"query": document, "variables": variables or {}})
        headers = {"HTTP_AUTHORIZATION": f"Bearer {self.token}", **headers}
        response = self.client.post("/graphql/", body, content_type="application/json", **headers)  # type: ignore[arg-type]  # typed for other options
        assert isinstance(response, HttpResponse)
        return response

    def run(self, document: str, variables: Json | None = None) -> Json:
        """The whole answer, `data` and `errors`; never a 5xx."""
        response = self.post(document, variables)
        assert response.status_code < 500, response.content
        answer: Json = json.loads(response.content)
        assert "INTERNAL" not in (error["extensions"]["code"] for error in answer.get("errors", ()))
        return answer

    def data(self, document: str, variables: Json | None = None) -> Any:
        """The value of the one root field, where there are no errors at all."""
        answer = self.run(document, variables)
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        if isinstance(value, dict):
            assert not value.get("errors"), value
        return value

    def codes(self, document: str, variables: Json | None = None) -> list[str]:
        """The codes of the top-level errors."""
        return [error["extensions"]["code"] for error in self.run(document, variables).get("errors", ())]

    def refusals(self, document: str, variables: Json | None = None) -> list[tuple[str, str | None]]:
        """Code and dotted path of each refusal in the payload of the one mutation, which must have changed nothing."""
        answer = self.run(document, variables)
        assert "errors" not in answer, answer
        (payload,) = answer["data"].values()
        changed = [value for name, value in payload.items() if name not in ("errors", "replayed")]
        assert changed == [None] * len(changed)
        return [
            (error["code"], None if error["field"] is None else ".".join(error["field"])) for error in payload["errors"]
        ]


@dataclass(frozen=True)
class ApiTenant:
    """A tenant of this test's own."""

    id: str

    def caller(
        self,
        *roles: str,
        subject: str = "somebody",
        customer_id: str | None = None,
        vendor_id: str | None = None,
        branches: list[str] | None = None,
    ) -> ApiCaller:
        """Somebody in these roles; None leaves a claim out of the token."""
        return ApiCaller(issue(Grantee(self.id, subject, roles, vendor_id, customer_id, branches)))


class Api:
    """The server."""

    @staticmethod
    def tenant(**settings: Any) -> ApiTenant:
        """A tenant registered with these settings, by their names in the API."""
        return ApiTenant(registered(**settings))
