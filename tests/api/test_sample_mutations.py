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
    me tenant updateTenantSettings  placeOrder getOrder orders markAsShipped cancelOrder  archiveItem archiveBranch
    workflow validateWorkflow simulateWorkflow publishWorkflow rolePermissions setRolePermissions
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


def test_the_samples_run_one_after_the_other_in_a_fresh_tenant(api: Api) -> None:
    admin = api.tenant().caller("Admin")
    known: dict[str, str] = {}
    answers: dict[str, Any] = {}
    for name in ORDER_OF_RUNNING:
        variables = (SAMPLES / f"{name}.json").read_text()
        for placeholder, value in known.items():
            variables = variables.replace(f"${{{placeholder}}}", value)
        assert "${" not in variables, name
        answer = admin.data((SAMPLES / f"{name}.graphql").read_text(), json.loads(variables))
        assert answer is not None, name
        if name == "placeOrder":
            order = answer["order"]
            known = {"orderId": order["id"], "orderLineId": order["lines"][0]["id"]}
        answers[name] = answer
    for name in ("branches", "items", "stockLevels", "orders"):
        assert (answers[name]["totalCount"], len(answers[name]["nodes"])) == (1, 1), name
    assert answers["placeOrder"]["order"]["status"] == "CONFIRMED"
    assert answers["getOrder"]["lines"][0]["allocation"] == [{"branchCode": "hamburg", "quantity": 2}]
    assert answers["markAsShipped"]["order"]["status"] == "PARTIALLY_SHIPPED"
    assert answers["cancelOrder"]["order"]["status"] == "SHIPPED"
    assert answers["archiveItem"]["item"] == {"sku": "CHAI-20", "archived": True, "version": 3}
    assert answers["archiveBranch"]["branch"] == {"code": "hamburg", "archived": True, "version": 3}
