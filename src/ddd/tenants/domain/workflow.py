"""The built-in plain workflow: version 1 of every tenant."""

from collections.abc import Mapping
from typing import Any, Final

from ddd.published.workflow import PLAIN_VERSION

#: No steps and no conditions: an order goes from status to status as its milestones and quantities say.
PLAIN_WORKFLOW: Final[Mapping[str, Any]] = {
    "name": "plain",
    "version": PLAIN_VERSION,
    "statuses": [
        "DRAFT",
        "PENDING",
        "CONFIRMED",
        "PARTIALLY_SHIPPED",
        "SHIPPED",
        "PARTIALLY_DELIVERED",
        "DELIVERED",
        "COMPLETED",
        "CANCELLED",
    ],
}
