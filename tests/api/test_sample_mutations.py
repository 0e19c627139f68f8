"""The samples in `sample_mutations/`: one for every operation of the schema, and each works."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from graphql import FieldNode, OperationDefinitionNode, parse

from bff.graphql.schema import schema
from tests.api.support import Api

SAMPLES = Path(settings.BASE_DIR) / "sample_mutations"
ORDER_OF_RUNNING = """
    createBranch updateBranch branch branches  createItem updateItem item items  receiveStock stockLevel stockLevels
    me tenant updateTenantSettings  placeOrder getOrder orders markAsShipped cancelOrder addShippingTrackingReference
    markAsDelivered requestReturn receiveReturn processRefund markAsCompleted
    recordPayment holdOrder releaseHold createShipment cancelShipment confirmShipment dispatchShipment deliverShipment
    confirmOrder  createDraftOrder editDraftOrder submitOrder fulfilOrder
    workflow validateWorkflow simulateWorkflow publishWorkflow migrateOrders completeStep escalateReviewer reviewOrder
    archiveItem archiveBranch rolePermissions setRolePermissions
""".split()


def operations() -> set[str]:
    roots = (schema._schema.query_type, schema._schema.mutation_type)
    return {name for root in roots if root is not None for name in root.fields}


def test_every_operation_of_the_schema_has_a_document_and_variables_and_nothing_else_has() -> None:
    expected = {f"{name}.{ending}" for name in operations() for ending in ("graphql", "json")}
    assert {path.name for path in SAMPLES.iterdir()} == expected | {"README.md"}
    assert sorted(ORDER_OF_RUNNING) == sorted(operations())


def test_each_document_holds_the_one_operation_that_it_is_named_after() -> None:
    for name in operations():
        (operation,) = parse((SAMPLES / f"{name}.graphql").read_text()).definitions
        assert isinstance(operation, OperationDefinitionNode)
        (field,) = operation.selection_set.selections
        assert isinstance(field, FieldNode)
        assert field.name.value == name


class Visitor:
    """An Admin of a fresh tenant who runs samples, and fills in what earlier ones answered."""

    def __init__(self, api: Api) -> None:
        self._admin = api.tenant().caller("Admin")
        self.known: dict[str, str] = {}

    def run(self, name: str, **changed: Any) -> Any:
        """What the sample answers; `changed`: fields of its input that are to be otherwise here."""
        text = (SAMPLES / f"{name}.json").read_text()
        for placeholder, value in self.known.items():
            text = text.replace(f"${{{placeholder}}}", value)
        assert "${" not in text, name
        variables = json.loads(text)
        if changed:
            variables["input"].update(changed)
        answer = self._admin.data((SAMPLES / f"{name}.graphql").read_text(), variables)
        assert answer is not None, name
        if name in ("placeOrder", "createDraftOrder"):
            order = answer["order"]
            self.known.update(orderId=order["id"], orderLineId=order["lines"][0]["id"])
        elif name == "markAsShipped":
            self.known["shipmentId"] = answer["order"]["shipments"][0]["id"]
        elif name == "createShipment":
            self.known["shipmentId"] = answer["shipment"]["id"]
        elif name == "me":
            self.known["subject"] = answer["subject"]
        elif name == "requestReturn":
            self.known["returnId"] = answer["return"]["id"]
        return answer

    def prepare(self, name: str) -> None:
        """What must have happened to an order that the sample makes sense for, where the samples before did not."""
        if name == "recordPayment":
            self.run("placeOrder", idempotencyKey="second", externalRef="WS-1002", payment=None)
        elif name == "confirmShipment":
            self.run("createShipment", idempotencyKey="instead")
        elif name == "confirmOrder":  # paid in part, and the rest cancelled
            paid = {"state": "CAPTURED", "amount": "24.90"}
            self.run("placeOrder", idempotencyKey="third", externalRef="WS-1003", payment=paid)
            self.run("cancelOrder", idempotencyKey="less")
        elif name == "completeStep":  # above 1,000, under the workflow just published
            dear = [{"sku": "CHAI-20", "quantity": 2, "unitPrice": "600"}]
            self.run("placeOrder", idempotencyKey="fourth", externalRef="WS-1004", lines=dear, expectedTotal=None)


def test_the_samples_run_one_after_the_other_in_a_fresh_tenant(api: Api) -> None:
    visitor = Visitor(api)
    answers: dict[str, Any] = {}
    for name in ORDER_OF_RUNNING:
        visitor.prepare(name)
        answers[name] = visitor.run(name)
        if name == "migrateOrders":
            plan = {"dryRun": False, "plan": answers[name]["migration"]["plan"]}
            moved = visitor.run(name, **plan, fromVersion=None, filter=None, first=None)["migration"]
    for name in ("branches", "items", "stockLevels", "orders"):
        assert (answers[name]["totalCount"], len(answers[name]["nodes"])) == (1, 1), name
    assert answers["placeOrder"]["order"]["status"] == "CONFIRMED"
    assert answers["getOrder"]["lines"][0]["allocation"] == [{"branchCode": "hamburg", "quantity": 2}]
    statuses = {name: answer["order"]["status"] for name, answer in answers.items() if "order" in answer}
    assert statuses == {
        "placeOrder": "CONFIRMED",
        "markAsShipped": "PARTIALLY_SHIPPED",
        "cancelOrder": "SHIPPED",
        "addShippingTrackingReference": "SHIPPED",
        "markAsDelivered": "DELIVERED",
        "requestReturn": "DELIVERED",
        "receiveReturn": "DELIVERED",
        "processRefund": "DELIVERED",
        "markAsCompleted": "COMPLETED",
        "recordPayment": "CONFIRMED",
        "holdOrder": "CONFIRMED",
        "releaseHold": "CONFIRMED",
        "createShipment": "CONFIRMED",
        "cancelShipment": "CONFIRMED",
        "confirmShipment": "CONFIRMED",
        "dispatchShipment": "PARTIALLY_SHIPPED",
        "deliverShipment": "PARTIALLY_SHIPPED",
        "confirmOrder": "CONFIRMED",
        "createDraftOrder": "DRAFT",
        "editDraftOrder": "DRAFT",
        "submitOrder": "PENDING",
        "fulfilOrder": "SHIPPED",
        "completeStep": "PENDING",
        "escalateReviewer": "PENDING",
        "reviewOrder": "CONFIRMED",
    }
    assert (answers["migrateOrders"]["migration"]["movable"], moved["moved"]) == (2, 2)
    assert answers["receiveReturn"]["return"]["status"] == "RECEIVED"
    assert answers["processRefund"]["refund"]["amount"] == {"amount": "18.00", "currency": "EUR"}
    assert answers["deliverShipment"]["shipment"]["status"] == "DELIVERED"
    assert answers["archiveItem"]["item"] == {"sku": "CHAI-20", "archived": True, "version": 3}
    assert answers["archiveBranch"]["branch"] == {"code": "hamburg", "archived": True, "version": 3}
