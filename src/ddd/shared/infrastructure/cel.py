"""Conditions by `cel-expr-python`, the CEL project's own library.

What a tenant writes is bounded in time and size. An expression has 1 kB at most; texts and lists that could grow while
it runs (`map`, `filter`, `+` of texts and lists), regular expressions and what escapes the type check (`dyn`, `type`)
are taken out of the language, and one `all`, `exists` or `exists_one` is allowed, so that its work is a small multiple
of the facts' size. The library itself stops at 10,000 iterations and 32 levels.

Names are declared with their types, so that a misspelt one and `order.total.amount > 'x'` are faults when a workflow
is published. Comparisons are declared anew so that whole numbers and amounts compare (`order.total.amount > 1000`).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel

from ddd.shared.application.conditions import MAX_CONDITION_BYTES
from ddd.shared.domain.facts import Facts, FactType, Failed
from ddd.shared.domain.text import is_storable

_TYPES: Final = {
    FactType.TEXT: cel.Type.STRING,
    FactType.INTEGER: cel.Type.INT,
    FactType.NUMBER: cel.Type.DOUBLE,
    FactType.FLAG: cel.Type.BOOL,
    FactType.TEXTS: cel.Type.List(cel.Type.STRING),
}
#: Operator -> its functions' names in the standard library; the pairs of types that compare.
_COMPARISONS: Final = {
    "_<_": "less",
    "_<=_": "less_equals",
    "_>_": "greater",
    "_>=_": "greater_equals",
    "_==_": "equals",
    "_!=_": "not_equals",
}
_COMPARABLE: Final = (
    ("int", "int"), ("double", "double"), ("double", "int"), ("int", "double"), ("string", "string"), ("bool", "bool")
)  # fmt: skip
_LOOPS: Final = re.compile(r"\b(?:all|exists|exists_one)\s*\(")
#: The position and the first line of the library's message; the rest draws the place with dots.
_MESSAGE: Final = re.compile(r"ERROR: <input>:\d+:(\d+): ([^\n]*)")
_LONGEST_MESSAGE: Final = 500
_CACHED: Final = 4_096
#: What the library says of an error while it runs -> what is recorded.
_FAILURES: Final = {
    "by zero": "It divides by zero.",
    "overflow": "A whole number grew beyond 64 bits.",
    "Index error": "It asks for a place that the list does not have.",
    "budget": "It takes too many steps.",
    "No value with name": "A fact that it asks for is not known.",
}


def _language() -> str:
    """The environment as YAML (cel-spec, `env_config`): the standard library less what is unbounded or untyped."""
    lines = [
        "name: workflow",
        "stdlib:",
        "  exclude_macros: [map, filter]",
        "  exclude_functions:",
        "    - {name: matches}",
        "    - {name: dyn}",
        "    - {name: type}",
        "    - {name: _+_, overloads: [{id: add_string}, {id: add_bytes}, {id: add_list}]}",
        *(f'    - {{name: "{operator}"}}' for operator in _COMPARISONS),
        "functions:",
    ]
    for operator, name in _COMPARISONS.items():
        lines += [f'  - name: "{operator}"', "    overloads:"]
        lines += [
            f"      - {{id: {name}_{left}_{right}, args: [{{type_name: {left}}}, {{type_name: {right}}}], "
            "return: {type_name: bool}}"
            for left, right in _COMPARABLE
        ]
    return "\n".join(lines) + "\n"


class CelConditions:
    """See `ddd.shared.application.conditions.Conditions`. Safe for threads; compiled expressions are remembered."""

    def __init__(self, declared: Mapping[str, FactType]) -> None:
        self._environment = cel.NewEnv(
            config=cel.NewEnvConfigFromYaml(_language()),
            variables={name: _TYPES[kind] for name, kind in declared.items()},
        )
        self._compiled = lru_cache(maxsize=_CACHED)(self._compile)

    def check(self, expression: str) -> str | None:
        compiled = self._compiled(expression)
        return compiled if isinstance(compiled, str) else None

    def evaluate(self, expression: str, facts: Facts) -> bool | Failed:
        compiled = self._compiled(expression)
        if isinstance(compiled, str):
            return Failed(compiled)
        try:
            value = compiled.eval(data=dict(facts))
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:  # a budget, or a fact of another type
            return _failure(error)
        # An error while it runs comes back as a value of type ERROR, and that value is truthy.
        if value.type() == cel.Type.BOOL:
            return bool(value.value())
        return _failure(value.value())

    def _compile(self, expression: str) -> Any:
        """The compiled expression, or what is wrong with it."""
        if not is_storable(expression):  # a lone surrogate is a RuntimeError deep in the library
            return "The text holds a NUL or a lone surrogate."
        if len(expression.encode()) > MAX_CONDITION_BYTES:
            return f"At most {MAX_CONDITION_BYTES:,} bytes are allowed."
        if not expression.strip():
            return "This must not be blank."
        if len(_LOOPS.findall(expression)) > 1:
            return "One of all, exists and exists_one is allowed, once."
        try:
            compiled = self._environment.compile(expression)
        except RuntimeError as error:
            return _objection(error)
        if compiled.return_type() != cel.Type.BOOL:
            return f"A condition is true or false; this is {compiled.return_type().name()}."
        return compiled


def _objection(error: RuntimeError) -> str:
    """The checker's message as one sentence, without its drawing of the place."""
    found = _MESSAGE.search(str(error))
    if found is None:
        return "This cannot be read as a condition (or is nested too deep)."
    message = found[2].replace(" (in container '')", "")
    return f"At character {found[1]}: {message}."[:_LONGEST_MESSAGE]


def _failure(error: object) -> Failed:
    """Why it could not be told: one of the known reasons, since the library's own text may quote a fact's value."""
    text = str(error)
    return Failed(next((reason for sign, reason in _FAILURES.items() if sign in text), "It could not be evaluated."))
