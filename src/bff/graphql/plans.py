"""Compiled answers: one Python function per selection set, which reads an object's attributes into a dict.

graphql-core spends 3.5 µs on each leaf field of an answer; a compiled selection set a tenth of it. It is made of
strawberry's own schema and of a validated document, once per field node, and only where it says exactly what
graphql-core would: plain attributes, no arguments, no directives, no abstract types. Anything else, at compile time or
in an object that is not as its type says, is left to graphql-core, which also words the error; resolvers have run by
then and are not run again.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from bff.graphql.scalars import decimal_to_text

Plan = Callable[[Any], dict[str, Any]]
Fragments = Mapping[str, FragmentDefinitionNode]

_DEFINITION: Final = "strawberry-definition"
_INT: Final = 2**31


class NoPlan(Exception):
    """This selection is graphql-core's."""


class Deviation(Exception):
    """This object is not as its type says."""


def compile_plan(type_: GraphQLObjectType, node: FieldNode, fragments: Fragments) -> Plan | None:
    """The plan for a field of this object type, or None where graphql-core must do it."""
    if node.selection_set is None:
        return None
    try:
        return _Compiler(fragments).plan(type_, node.selection_set)
    except NoPlan:
        return None


class _Compiler:
    """Writes the functions. No text of a client gets into the source: names are the schema's, or quoted by repr."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._scope: dict[str, Any] = {"Deviation": Deviation}

    def plan(self, type_: GraphQLObjectType, selection_set: SelectionSetNode) -> Plan:
        name = self._object(type_, selection_set)
        plan: Plan = self._scope[name]
        return plan

    def _object(self, type_: GraphQLObjectType, selection_set: SelectionSetNode) -> str:
        if type_.is_type_of is not None:
            raise NoPlan
        entries: dict[str, str] = {}
        nodes: dict[str, FieldNode] = {}
        for node in self._fields(type_, selection_set):
            key = node.alias.value if node.alias else node.name.value
            if key in nodes:
                if node.selection_set is not None or node.name.value != nodes[key].name.value:
                    raise NoPlan  # selections to be merged
                continue
            nodes[key] = node
            entries[key] = self._entry(type_, node)
        body = ", ".join(f"{key!r}: {value}" for key, value in entries.items())
        name = f"object_{len(self._scope)}"
        exec(f"def {name}(o):\n    return {{{body}}}\n", self._scope)  # see the class
        return name

    def _fields(self, type_: GraphQLObjectType, selection_set: SelectionSetNode) -> list[FieldNode]:
        found: list[FieldNode] = []
        for node in selection_set.selections:
            if node.directives:
                raise NoPlan
            if isinstance(node, FieldNode):
                found.append(node)
                continue
            if isinstance(node, InlineFragmentNode):
                condition, inner = node.type_condition, node.selection_set
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                if fragment.directives:
                    raise NoPlan
                condition, inner = fragment.type_condition, fragment.selection_set
            else:
                raise NoPlan
            if condition is not None and condition.name.value != type_.name:
                raise NoPlan
            found.extend(self._fields(type_, inner))
        return found

    def _entry(self, type_: GraphQLObjectType, node: FieldNode) -> str:
        if node.name.value == "__typename":
            return repr(type_.name)
        field = type_.fields[node.name.value]
        definition = field.extensions.get(_DEFINITION)
        if type(definition) is not StrawberryField or not definition.is_basic_field or field.args:
            raise NoPlan
        assert definition.python_name
        value = f"o.{definition.python_name}"
        named = get_named_type(field.type)
        if is_leaf_type(named):
            return self._value(field.type, self._leaf(named), value)
        if isinstance(named, GraphQLObjectType) and node.selection_set is not None:
            return self._value(field.type, self._object(named, node.selection_set), value)
        raise NoPlan

    def _value(self, type_: GraphQLOutputType, convert: str, value: str) -> str:
        """An expression that completes `value`; `convert` names the function for the innermost type."""
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, convert, value)
        return f"(None if (v := {value}) is None else {self._present(type_, convert, 'v')})"

    def _present(self, type_: GraphQLOutputType, convert: str, value: str) -> str:
        """An expression for a value that must not be null; where it is, the conversion itself deviates."""
        if not isinstance(type_, GraphQLList):
            in_order = _IN_ORDER.get(convert)
            if in_order is None:
                return f"{convert}({value})"
            first = "v" if value == "v" else f"(v := {value})"
            return f"(v if {in_order.format(first)} else {convert}(v))"
        item = type_.of_type
        if isinstance(item, GraphQLNonNull) and not isinstance(item.of_type, GraphQLList):
            return f"[{convert}(i) for i in {value}]"
        if isinstance(item, GraphQLNonNull | GraphQLList):
            raise NoPlan  # lists of lists
        return f"[None if i is None else {convert}(i) for i in {value}]"

    def _leaf(self, type_: GraphQLLeafType) -> str:
        name = f"leaf_{type_.name}"
        if name not in self._scope:
            self._scope[name] = _enum(type_) if isinstance(type_, GraphQLEnumType) else _SCALARS.get(type_.name)
            if self._scope[name] is None:
                self._scope[name] = _by_type(type_)
        return name


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    raise Deviation


def _identifier(value: Any) -> str:
    if type(value) is str:
        return value
    if type(value) is UUID:
        return str(value)
    raise Deviation


def _integer(value: Any) -> int:
    if type(value) is int and -_INT <= value < _INT:
        return value
    raise Deviation


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise Deviation


def _instant(value: Any) -> str:
    if type(value) is datetime and value.tzinfo is UTC:
        return value.isoformat()[:-6] + "Z"
    raise Deviation


def _decimal(value: Any) -> str:
    return value if type(value) is str else decimal_to_text(value)


#: By the name of their function: what is written into the plan, to spare the call for a value in order.
_IN_ORDER: Final[Mapping[str, str]] = {
    "leaf_String": "type({}) is str",
    "leaf_ID": "type({}) is str",
    "leaf_Decimal": "type({}) is str",
    "leaf_Int": f"type({{}}) is int and {-_INT} <= v < {_INT}",
    "leaf_Boolean": "type({}) is bool",
}
_SCALARS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "String": _text,
    "Decimal": _decimal,
    "ID": _identifier,
    "Int": _integer,
    "Boolean": _boolean,
    "DateTime": _instant,
}


def _enum(type_: GraphQLEnumType) -> Callable[[Any], str]:
    names: dict[Any, str] = {member.value: name for name, member in type_.values.items()}

    def convert(value: Any) -> str:
        return names[value]  # a KeyError deviates, too

    return convert


def _by_type(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    serialize = type_.coerce_output_value

    def convert(value: Any) -> Any:
        if value is None:
            raise Deviation
        return serialize(value)

    return convert
