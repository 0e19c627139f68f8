"""`migrateOrders` for one order: the dry run that its plan comes of, and the run."""

from tests.api.orders_support import Shop
from tests.api.support import ApiCaller, Json

PUBLISH = (
    "mutation($input:PublishWorkflowInput!){publishWorkflow(input:$input){workflow{version} errors{code message}}}"
)
MIGRATE = """mutation($input:MigrateOrdersInput!) { migrateOrders(input:$input) {
  migration { plan orders { outcome } } errors { code field } } }"""


def newer(shop: Shop, workflow: Json) -> int:
    """The version of the workflow, published once more."""
    version: int = shop.admin.data(PUBLISH, {"input": {"document": workflow}})["workflow"]["version"]
    return version


def plan(by: ApiCaller, order: Json, version: int) -> Json:
    """The input of a run that moves this order; of one that nothing can move, the dry run's."""
    given = {"toVersion": version, "orderIds": [order["id"]]}
    (payload,) = by.run(MIGRATE, {"input": given})["data"].values()
    found = payload["migration"]["plan"]
    return given if found is None else {"toVersion": version, "dryRun": False, "plan": found}


def moved(by: ApiCaller, given: Json) -> str:
    """What became of the one order: MOVED, BLOCKED or CHANGED; `FORBIDDEN` where the permission is missing."""
    answer = by.run(MIGRATE, {"input": given})
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    (payload,) = answer["data"].values()
    (order,) = payload["migration"]["orders"]
    return str(order["outcome"])
