"""Compiled inputs: one Python function per input object type, which makes of a variable's JSON what graphql-core would.

graphql-core walks the value twice and asks each type at each step what it is: a tenth of an order's CPU. A compiled
type knows its fields. It is made of the schema, once per process, and says exactly what `coerce_input_value` would of
a value in order. Of anything else it says nothing: graphql-core then reads the variables, and words the errors.
"""

import math
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    VariableDefinitionNode,
    VariableNode,
    is_input_type,
    is_required_argument,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

from bff.graphql.plans import Deviation, NoPlan

Convert = Callable[[Any], Any]
#: The values of an operation's variables, from the request's. Raises where graphql-core must read them.
ReadVariables = Callable[[Mapping[str, Any]], VariableValues]

#: (argument's name for the resolver, variable's name) of each argument of a field.
Variables = tuple[tuple[str, str], ...]

_INT: Final = 2**31


class _Variable(NamedTuple):
    name: str
    signature: GraphQLVariableSignature
    convert: Convert
    is_required: bool
    default: Any


class Inputs:
    """The input types of a schema, compiled. Raises nothing; immutable once made, so safe among threads.

    A type that contains itself is left out: graphql-core bounds how deep its values nest.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._scope: dict[str, Any] = {"Deviation": Deviation, "absent": Undefined, "as_list": _as_list}
        self._unfinished: set[str] = set()
        for type_ in schema.type_map.values():
            if is_input_type(type_):
                try:
                    self._named(type_)
                except NoPlan:
                    pass

    def reader(self, operation: OperationDefinitionNode) -> ReadVariables | None:
        """What reads this valid operation's variables, or None where graphql-core must."""
        try:
            return _reader([self._variable(node) for node in operation.variable_definitions or ()])
        except NoPlan:
            return None

    def _variable(self, node: VariableDefinitionNode) -> _Variable:
        signature = get_variable_signature(self._schema, node)
        if isinstance(signature, GraphQLError):
            raise NoPlan
        default = _constant(signature)
        is_required = isinstance(signature.type, GraphQLNonNull) and default is Undefined
        return _Variable(signature.name, signature, self._convert(signature.type), is_required, default)

    def _convert(self, type_: GraphQLInputType) -> Convert:
        """A variable's type. Not compiled: such types are without number, and of the client's making."""
        if isinstance(type_, GraphQLNonNull):
            return self._convert_present(type_.of_type)
        present = self._convert_present(type_)
        return lambda value: None if value is None else present(value)

    def _convert_present(self, type_: Any) -> Convert:
        if not isinstance(type_, GraphQLList):
            named: Convert = self._scope[self._named(type_)]
            return named
        if _is_list(type_.of_type):
            raise NoPlan  # lists of lists
        item = self._convert(type_.of_type)
        return lambda value: [item(each) for each in _as_list(value)]

    # -- writing the functions: names in them are the schema's, or quoted by repr -----------------------------------

    def _named(self, type_: Any) -> str:
        """The name of the function for a type that is no list and not null; written where it is not yet."""
        name = f"read_{type_.name}"
        if name in self._scope:
            return name
        if isinstance(type_, GraphQLInputObjectType):
            if name in self._unfinished:
                raise NoPlan  # it contains itself
            self._unfinished.add(name)
            try:
                self._write(name, type_)
            finally:
                self._unfinished.discard(name)
        elif isinstance(type_, GraphQLEnumType):
            self._scope[name] = {member: type_.coerce_input_value(member) for member in type_.values}.__getitem__
        else:
            self._scope[name] = _SCALARS.get(type_) or _by_type(type_)
        return name

    def _write(self, name: str, type_: GraphQLInputObjectType) -> None:
        body = ["get, read, added = given.get, {}, 0"]  # of JSON's values objects alone have a `get`
        for field_name, field in type_.fields.items():
            key, default = repr(field.out_name or field_name), _constant(field)
            if default is not Undefined:
                body.append(f"if (v := get({field_name!r}, absent)) is absent:")
                body.append(f"    read[{key}] = {self._keep(default)}; added += 1")
                body.append(f"else: read[{key}] = {self._value(field.type, 'v')}")
            elif isinstance(field.type, GraphQLNonNull):
                body.append(f"read[{key}] = {self._value(field.type, f'given[{field_name!r}]')}")
            else:
                body.append(f"if (v := get({field_name!r}, absent)) is not absent:")
                body.append(f"    read[{key}] = {self._value(field.type, 'v')}")
        body.append("if len(read) - added != len(given): raise Deviation")  # a field that the type does not have
        if type_.is_one_of:
            body.append("if len(read) != 1 or None in read.values(): raise Deviation")
        if type_.out_type is GraphQLInputObjectType.out_type:
            body.append("return read")
        else:
            body.append(f"return {self._keep(type_.out_type)}(read)")
        exec(f"def {name}(given):\n" + "\n".join(f"    {line}" for line in body), self._scope)

    def _keep(self, value: Any) -> str:
        name = f"kept_{len(self._scope)}"
        self._scope[name] = value
        return name

    def _value(self, type_: GraphQLInputType, value: str) -> str:
        """An expression for the coerced `value`."""
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, value)
        return f"None if {value} is None else {self._present(type_, value)}"

    def _present(self, type_: Any, value: str) -> str:
        """An expression for a value that must not be null; where it is, the function that it is given to deviates."""
        if not isinstance(type_, GraphQLList):
            return f"{self._named(type_)}({value})"
        if _is_list(type_.of_type):
            raise NoPlan  # lists of lists
        return f"[{self._value(type_.of_type, 'i')} for i in as_list({value})]"


def variables_of(field: GraphQLField, node: FieldNode) -> Variables | None:
    """The variables that are this field's arguments, where nothing else is: None where graphql-core must tell."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    found: list[tuple[str, str]] = []
    for name, argument in field.args.items():
        value = given.get(name)
        if isinstance(value, VariableNode):
            found.append((argument.out_name or name, value.name.value))
        elif value is not None or is_required_argument(argument) or coerce_default_value(argument) is not Undefined:
            return None
    return tuple(found)


def _reader(variables: Collection[_Variable]) -> ReadVariables:
    def read(given: Mapping[str, Any]) -> VariableValues:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, signature, convert, is_required, default in variables:
            value = given.get(name, Undefined)
            sources[name] = VariableValueSource(signature, value)
            if value is not Undefined:
                coerced[name] = convert(value)
            elif default is not Undefined:
                coerced[name] = default
            elif is_required:
                raise Deviation
        return VariableValues(sources, coerced)

    return read


def _is_list(type_: GraphQLInputType) -> bool:
    return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)


def _constant(input_: GraphQLInputField | GraphQLVariableSignature) -> Any:
    """The default value, Undefined where there is none. One that could be changed is not shared among requests."""
    try:
        default = coerce_default_value(input_)
    except TypeError:  # graphql-core will say what is wrong with it
        raise NoPlan from None
    if default is None or default is Undefined or isinstance(default, str | int | float | Enum):
        return default
    raise NoPlan


def _as_list(value: Any) -> list[Any]:
    """A list's items; a single value counts as a list of one (GraphQL, October 2021, §3.11)."""
    if type(value) is list:
        return value
    if value is None:
        raise Deviation
    return [value]


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    raise Deviation


def _integer(value: Any) -> int:
    if type(value) is int and -_INT <= value < _INT:
        return value
    raise Deviation


def _number(value: Any) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    raise Deviation


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise Deviation


#: Values in order alone: an ID given as a number or an Int given as 3.0, say, is left to graphql-core.
_SCALARS: Final[Mapping[GraphQLScalarType, Convert]] = {
    GraphQLString: _text,
    GraphQLID: _text,
    GraphQLInt: _integer,
    GraphQLFloat: _number,
    GraphQLBoolean: _boolean,
}


def _by_type(type_: GraphQLScalarType) -> Convert:
    coerce = type_.coerce_input_value

    def convert(value: Any) -> Any:
        if value is None:
            raise Deviation
        coerced = coerce(value)
        if coerced is Undefined:
            raise Deviation
        return coerced

    return convert
