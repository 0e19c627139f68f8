"""Documents made ready to run, once per text: parsed, measured, validated, and sorted by how they reach the database.

Parsing and validating cost about ten times what running a small operation does, and clients send the same few texts
over and over.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import Final, Generic, TypeVar

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.collect_fields import FragmentDetails, GroupedFieldSet, collect_fields
from graphql.execution.values import VariableValues
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from bff.graphql.errors import Code, NotExecuted
from bff.graphql.inputs import Inputs, ReadVariables, Variables
from bff.graphql.limits import LimitExceeded, Limits, check
from bff.graphql.plans import Plan

#: Each error of an unknown field costs a search for names like it: a hundred of them hold a worker for 0.1 s.
_MOST_ERRORS: Final = 10
_ABORTED: Final = "Parsing aborted."

T = TypeVar("T")


class Access(Enum):
    """Who finds out, for one operation, whether the tenant lives and what the caller may do."""

    SCOPE = "a read scope around the whole operation: it browses"
    OWN = "the resolvers, each in its own round trip: hot reads alone, or a mutation"
    CHECK = "one check beforehand: nothing in it is sure to reach the database"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document. `label`: its root fields, for the log; no client's text but names of our schema.

    `read_variables` is None where graphql-core must read them; `root_fields` where variables have a say in them.
    """

    node: OperationDefinitionNode
    name: str | None
    is_mutation: bool
    access: Access
    label: str
    read_variables: ReadVariables | None
    root_fields: GroupedFieldSet | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that passed every check.

    By the identity of their nodes, each told when it is first asked for: its compiled answers, which variables are a
    field's arguments, what is selected below it.
    """

    operations: tuple[Operation, ...]
    fragments: dict[str, FragmentDefinitionNode]
    fragment_details: dict[str, FragmentDetails]
    plans: dict[int, Plan | None] = field(default_factory=dict)
    arguments: dict[int, Variables | None] = field(default_factory=dict)
    selections: dict[tuple[object, ...], frozenset[str]] = field(default_factory=dict)

    def operation(self, name: str | None) -> Operation:
        """The operation to run (GraphQL, October 2021, §6.1). Raises NotExecuted."""
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            problem = "The document has several operations: operationName must name one."
            raise NotExecuted.because(Code.BAD_USER_INPUT, problem)
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise NotExecuted.because(Code.BAD_USER_INPUT, "The document has no operation of that name.")


class Documents:
    """The cache of prepared documents, and of those refused. Bounded by count and by text; safe among threads.

    `hot`: the names of query fields that make their own round trip. Any other query field counts as browsing, which is
    the safe mistake: it is given a transaction it may not need.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        limits: Limits,
        hot: frozenset[str],
        introspection: bool = True,
        most_documents: int = 500,
        most_characters: int = 150_000,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._hot = hot
        self._hide_suggestions = not introspection
        self._inputs = Inputs(schema)
        rules: list[type[ASTValidationRule]] = [*specified_rules, OneOfInputValidationRule, MaybeNullValidationRule]
        if not introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        self._rules = tuple(rules)
        self._cache: _Bounded[Prepared | NotExecuted] = _Bounded(most_documents, most_characters)

    def prepare(self, query: str) -> Prepared:
        """The document ready to run. Raises NotExecuted with the errors of parsing, limits or validation."""
        found = self._cache.get(query)
        if found is None:
            self._refuse_long(query)  # not remembered: the text alone says so
            try:
                found = self._prepare(query)
            except NotExecuted as refused:
                # A fresh one is raised each time: an exception gathers a traceback with every raise.
                found = NotExecuted(refused.errors)
            self._cache.put(query, found)
        if isinstance(found, NotExecuted):
            raise NotExecuted(found.errors)
        return found

    def _refuse_long(self, query: str) -> None:
        most = self._limits.document_bytes
        if len(query) * 4 <= most:
            return
        if len(query) > most or len(query.encode("utf-8", "surrogatepass")) > most:
            raise NotExecuted.because(Code.LIMIT_EXCEEDED, f"The document is longer than {most:,} bytes.")

    def _prepare(self, query: str) -> Prepared:
        limits = self._limits
        try:
            document = parse(
                query,
                allow_empty_selection_sets=False,
                max_lexical_tokens=limits.tokens,
                max_comments=limits.comments,
            )
        except GraphQLSyntaxError as error:
            code = Code.LIMIT_EXCEEDED if error.message.endswith(_ABORTED) else Code.GRAPHQL_PARSE_FAILED
            raise NotExecuted.of(code, [error]) from None
        try:
            check(self._schema, document, limits)
        except LimitExceeded as exceeded:
            raise NotExecuted.because(Code.LIMIT_EXCEEDED, str(exceeded)) from None
        errors = self._validate(document)
        if errors:
            raise NotExecuted.of(Code.GRAPHQL_VALIDATION_FAILED, errors)
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        details = {name: FragmentDetails(node) for name, node in fragments.items()}
        operations = tuple(
            self._operation(node, fragments, details)
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        )
        if not operations:
            raise NotExecuted.because(Code.GRAPHQL_VALIDATION_FAILED, "The document has no operation.")
        return Prepared(operations, fragments, details)

    def _validate(self, document: DocumentNode) -> list[GraphQLError]:
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode) and self._schema.get_root_type(node.operation) is None:
                return [GraphQLError(f"There is no {node.operation.value} in this schema.", node)]
        return validate(
            self._schema,
            document,
            self._rules,
            max_errors=_MOST_ERRORS,
            hide_suggestions=self._hide_suggestions,
        )

    def _operation(
        self,
        node: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        details: dict[str, FragmentDetails],
    ) -> Operation:
        roots = list(_root_fields(node.selection_set, fragments))
        ours = [(name, sure) for name, sure in roots if not name.startswith("__")]
        is_mutation = node.operation is OperationType.MUTATION
        if not is_mutation and any(name not in self._hot for name, _ in ours):
            access = Access.SCOPE
        elif any(sure for _, sure in ours):
            access = Access.OWN
        else:
            access = Access.CHECK
        label = " ".join(dict.fromkeys(name for name, _ in roots))
        name = node.name.value if node.name else None
        is_fixed = all(sure for _, sure in roots)
        fields = root_fields(self._schema, node, details, VariableValues({}, {})) if is_fixed else None
        return Operation(node, name, is_mutation, access, label, self._inputs.reader(node), fields)


def root_fields(
    schema: GraphQLSchema,
    node: OperationDefinitionNode,
    fragments: dict[str, FragmentDetails],
    values: VariableValues,
    *,
    hide_suggestions: bool = False,
) -> GroupedFieldSet:
    """What a valid operation selects with these values of its variables, by response name."""
    root_type = schema.get_root_type(node.operation)
    assert root_type is not None
    return collect_fields(schema, fragments, values, root_type, node, hide_suggestions).grouped_field_set


def _root_fields(
    selection_set: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], sure: bool = True
) -> Iterator[tuple[str, bool]]:
    """The root fields of a valid operation: (name, whether it runs whatever the variables say)."""
    for node in selection_set.selections:
        runs = sure and not any(item.name.value in ("skip", "include") for item in node.directives or ())
        if isinstance(node, FieldNode):
            yield node.name.value, runs
        elif isinstance(node, InlineFragmentNode):
            yield from _root_fields(node.selection_set, fragments, runs)
        elif isinstance(node, FragmentSpreadNode):
            yield from _root_fields(fragments[node.name.value].selection_set, fragments, runs)


class _Bounded(Generic[T]):
    """A least-recently-used map from text. `most_characters` bounds the texts it holds, and with them the trees: these
    take about 130 bytes for each character."""

    def __init__(self, most_entries: int, most_characters: int) -> None:
        self._most_entries = most_entries
        self._most_characters = most_characters
        self._entries: OrderedDict[str, T] = OrderedDict()
        self._characters = 0
        self._lock = Lock()

    def get(self, text: str) -> T | None:
        with self._lock:
            found = self._entries.get(text)
            if found is not None:
                self._entries.move_to_end(text)
            return found

    def put(self, text: str, value: T) -> None:
        if len(text) > self._most_characters:
            return
        with self._lock:
            if text not in self._entries:
                self._characters += len(text)
            self._entries[text] = value
            while len(self._entries) > self._most_entries or self._characters > self._most_characters:
                oldest, _ = self._entries.popitem(last=False)
                self._characters -= len(oldest)

    def __len__(self) -> int:
        return len(self._entries)
