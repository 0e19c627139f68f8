"""What a field's selection asks for, so that reads fetch no more than that."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, InlineFragmentNode, SelectionSetNode

from bff.graphql.context import RequestContext

#: Parts that other fields are told from: whose eyes see a shipment depends on the lines, what may be done on them all.
_NEEDS: Mapping[str, frozenset[str]] = {
    "shipments": frozenset({"lines"}),
    "returns": frozenset({"lines"}),
    "refunds": frozenset({"lines"}),
    "availableActions": frozenset({"lines", "payments", "shipments"}),
}


def selected(info: GraphQLResolveInfo[RequestContext], *path: str) -> frozenset[str]:
    """The names of the fields selected below this field, or below the fields on `path` in it.

    Fields that `@skip` may leave out count as selected: reading a part too many does no harm. So it is the same for
    every request with the document, and kept with it.
    """
    kept = info.context.selections
    key = (*map(id, info.field_nodes), *path)
    names = kept.get(key)
    if names is None:
        names = kept[key] = _selected(info, path)
    return names


def _selected(info: GraphQLResolveInfo[Any], path: Iterable[str]) -> frozenset[str]:
    sets = [node.selection_set for node in fields_at(info, *path) if node.selection_set is not None]
    return frozenset(node.name.value for node in _fields(info, sets))


def fields_at(info: GraphQLResolveInfo[Any], *path: str) -> list[FieldNode]:
    """Each place in the document where a field on `path` below this field is selected."""
    found = list(info.field_nodes)
    for name in path:
        sets = [node.selection_set for node in found if node.selection_set is not None]
        found = [node for node in _fields(info, sets) if node.name.value == name]
    return found


def order_parts(names: Iterable[str]) -> frozenset[str]:
    """The parts of an order to read for these fields."""
    wanted = frozenset(names)
    return wanted.union(*(_NEEDS[name] for name in wanted & _NEEDS.keys()))


def _fields(info: GraphQLResolveInfo[Any], sets: Iterable[SelectionSetNode]) -> Iterable[FieldNode]:
    for each in sets:
        for node in each.selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from _fields(info, [node.selection_set])
            elif isinstance(node, FragmentSpreadNode):
                yield from _fields(info, [info.fragments[node.name.value].selection_set])
