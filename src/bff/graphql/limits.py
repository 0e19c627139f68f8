"""How large a document may be: one memoised pass over its syntax tree, before the standard rules see it.

The standard rules cost up to the square of a document's size, and rules that walk fragments without memory cost
exponentially more: 1.1 kB of nested fragments can hold a worker for half a minute. This pass visits every node once,
remembers each fragment's size and counts it wherever it is spread.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.type import GraphQLInterfaceType

_PAGE_ARGUMENTS: Final = ("first", "last")


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of `API.md`, each over the whole document; fragments count where they are spread.

    `depth`: a root field is 1, its leaf the last; fragments add none. `cost`: one for each field, times the page size
    for what stands inside a page; a page size in a variable counts as `page`. The last four are bounds of our own that
    keep the standard rules cheap; honest documents never meet them.
    """

    body_bytes: int = 1_000_000
    document_bytes: int = 100_000
    tokens: int = 2_000
    depth: int = 15
    aliases: int = 30
    root_fields: int = 20
    cost: int = 10_000
    page: int = 100
    comments: int = 1_000
    operations: int = 20
    fragments: int = 60
    same_name: int = 100


class LimitExceeded(Exception):
    """The document is larger than a limit allows; the message names the limit."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much a selection set asks for. `width`: its own fields. `in_lists`: the part of `cost` below list fields,
    which is what a page size multiplies when the set belongs to a connection."""

    depth: int = 0
    width: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0
    in_lists: int = 0


_NOTHING: Final = Size()


def check(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> None:
    """Raises LimitExceeded. Takes any document that parses, also one that names what is not there."""
    try:
        _Measure(schema, document, limits).check()
    except RecursionError:
        message = "The document is nested too deeply."
    else:
        return
    # Outside the handler: as a context the RecursionError would keep all its frames alive.
    raise LimitExceeded(message)


class _Measure:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._definitions = len(document.definitions)
        self._sizes: dict[str, Size] = {}
        self._names: Counter[str] = Counter()

    def check(self) -> None:
        limits = self._limits
        self._within("operations", len(self._operations), limits.operations)
        self._within("fragments", self._definitions - len(self._operations), limits.fragments)
        root_fields = aliases = cost = fields = 0
        for operation in self._operations:
            size = self._set(operation.selection_set, self._schema.get_root_type(operation.operation))
            root_fields += size.width
            aliases += size.aliases
            cost += size.cost
            fields += size.fields
            self._within("levels of depth", size.depth, limits.depth)
        self._within("root fields", root_fields, limits.root_fields)
        for name in self._fragments:  # those that nothing spreads cost the standard rules as much as the others
            self._within("levels of depth", self._fragment(name).depth, limits.depth)
        self._within("aliases", aliases, limits.aliases)
        self._within("points of cost (page size times fields)", max(cost, fields), limits.cost)
        if self._names:
            self._within("fields of one name", max(self._names.values()), limits.same_name)

    def _within(self, what: str, count: int, limit: int) -> None:
        if count > limit:
            raise LimitExceeded(f"The document has more than {limit:,} {what}.")

    def _fragment(self, name: str) -> Size:
        size = self._sizes.get(name)
        if size is None:
            self._sizes[name] = _NOTHING  # a cycle, which the standard rules refuse, ends here
            node = self._fragments.get(name)
            if node is None:
                return _NOTHING
            parent = self._schema.get_type(node.type_condition.name.value)
            size = self._sizes[name] = self._set(node.selection_set, parent)
        return size

    def _set(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Size:
        depth = width = aliases = fields = cost = in_lists = 0
        known = parent.fields if isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)) else {}
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                definition = known.get(node.name.value)
                alias = node.alias
                self._names[(alias or node.name).value] += 1
                width += 1
                aliases += alias is not None
                if node.selection_set is None:
                    depth = max(depth, 1)
                    fields += 1
                    cost += 1
                    continue
                inner = self._set(node.selection_set, None if definition is None else get_named_type(definition.type))
                is_list = definition is not None and is_list_type(get_nullable_type(definition.type))
                depth = max(depth, 1 + inner.depth)
                aliases += inner.aliases
                fields += 1 + inner.fields
                below = self._below(node, definition, is_list, inner)
                cost += 1 + below
                in_lists += below if is_list else 0
            else:
                if isinstance(node, FragmentSpreadNode):
                    inner = self._fragment(node.name.value)
                elif isinstance(node, InlineFragmentNode):
                    condition = node.type_condition
                    inner = self._set(
                        node.selection_set, parent if condition is None else self._schema.get_type(condition.name.value)
                    )
                else:  # a kind of selection that the specification does not know yet
                    continue
                depth = max(depth, inner.depth)
                width += inner.width
                aliases += inner.aliases
                fields += inner.fields
                cost += inner.cost
                in_lists += inner.in_lists
        return Size(depth, width, aliases, fields, cost, in_lists)

    def _below(self, node: FieldNode, definition: GraphQLField | None, is_list: bool, inner: Size) -> int:
        """The cost of what stands under a field: once, or for each item of the page that it asks for."""
        if definition is None or not any(name in definition.args for name in _PAGE_ARGUMENTS):
            return inner.cost
        page = self._page(node)
        if is_list:
            return page * inner.cost
        return inner.cost - inner.in_lists + page * inner.in_lists

    def _page(self, node: FieldNode) -> int:
        """The page size asked for: the literal, capped at the largest page (the resolver refuses more), else that."""
        sizes = []
        for argument in node.arguments or ():
            if argument.name.value in _PAGE_ARGUMENTS:
                value = argument.value
                # At most four digits are looked at: int() refuses endless ones, and anything longer is over the cap.
                if isinstance(value, IntValueNode) and len(value.value) <= 4:
                    sizes.append(min(max(int(value.value), 0), self._limits.page))
                else:
                    sizes.append(self._limits.page)
        return max(sizes, default=self._limits.page)
