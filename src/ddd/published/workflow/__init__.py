"""The workflow document: the published language in which tenants shape the life of their orders.

read_workflow(document)    the workflow, or every fault with its path
JSON_SCHEMA                the document's form, for editors and validators (`docs/workflow.schema.json`)
FACTS                      what conditions may ask about
input_faults(schema, …)    what a step's performer hands in, against the step's input schema
"""

from ddd.published.workflow.facts import AMOUNTS, FACTS
from ddd.published.workflow.inputs import input_faults
from ddd.published.workflow.model import (
    PLAIN,
    PLAIN_VERSION,
    STATUSES,
    Confirmation,
    Fault,
    Performer,
    PerformerKind,
    RefundSettings,
    Rejection,
    ReturnSettings,
    Settings,
    Step,
    StepOutcome,
    Workflow,
)
from ddd.published.workflow.reader import MAX_BYTES, read_workflow, stamped
from ddd.published.workflow.schema import JSON_SCHEMA

__all__ = [
    "AMOUNTS",
    "FACTS",
    "JSON_SCHEMA",
    "MAX_BYTES",
    "PLAIN",
    "PLAIN_VERSION",
    "STATUSES",
    "Confirmation",
    "Fault",
    "Performer",
    "PerformerKind",
    "RefundSettings",
    "Rejection",
    "ReturnSettings",
    "Settings",
    "Step",
    "StepOutcome",
    "Workflow",
    "input_faults",
    "read_workflow",
    "stamped",
]
