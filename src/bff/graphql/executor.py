"""graphql-core's executor, with compiled inputs and answers where there are any."""

from typing import Any, Final, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    Undefined,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList, GroupedFieldSet
from graphql.execution.execute import assume_not_async_iterable, assume_not_awaitable
from graphql.execution.executor import Executor
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from bff.graphql.documents import Operation, Prepared, root_fields
from bff.graphql.errors import Code, NotExecuted
from bff.graphql.inputs import Variables, variables_of
from bff.graphql.plans import Plan, compile_plan

_MOST_COERCION_ERRORS: Final = 20


class PlanningExecutor(Executor[Any]):
    """graphql-core's plain executor with strawberry's `info`: 8 % less on a page than the incremental one, whose
    `@defer` and `@stream` this schema does not have."""

    operation_extensions: dict[str, Any] | None = None
    async_helpers: Any = None
    #: The document's compiled answers, by the identity of their field node (which the document keeps alive).
    plans: dict[int, Plan | None]
    #: Which variables are its arguments, likewise.
    arguments: dict[int, Variables | None]
    #: What the operation selects, by response name.
    root_fields: GroupedFieldSet
    build_resolve_info: Any = StrawberryGraphQLCoreExecutionContext.build_resolve_info

    def run(self) -> ExecutionResult:
        """As `execute_operation` where nothing is asynchronous: a mutation's fields, too, run one after the other."""
        root_type = self.schema.get_root_type(self.operation.operation)
        assert root_type is not None  # the document is valid
        try:
            data = self.execute_fields(root_type, None, None, self.root_fields, None)
        except GraphQLError as error:
            self.collected_errors.add(error, None)
            data = None
        return ExecutionResult(cast("dict[str, Any] | None", data), self.collected_errors.errors or None)

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        """The field's value; graphql-core's own method without what asynchronous resolvers and middleware need."""
        details = field_details_list[0]
        field = self.schema.get_field(parent_type, details.node.name.value)
        if field is None:
            return Undefined
        info = self.build_resolve_info(field, [each.node for each in field_details_list], parent_type, path)
        try:
            arguments = self._arguments(field, details) if field.args else {}
            result = (field.resolve or self.field_resolver)(source, info, **arguments)
            return self.complete_value(field.type, field_details_list, info, path, result, position_context)
        except Exception as error:
            self.handle_field_error(error, field.type, field_details_list, path)
            return None

    def _arguments(self, field: GraphQLField, details: FieldDetails) -> dict[str, Any]:
        node = details.node
        try:
            variables = self.arguments[id(node)]
        except KeyError:
            variables = self.arguments[id(node)] = variables_of(field, node)
        if variables is not None:
            values = self.variable_values.coerced
            arguments = {name: values.get(variable) for name, variable in variables}
            if None not in arguments.values():
                return arguments
        return get_argument_values(
            field, node, self.variable_values, details.fragment_variable_values, self.hide_suggestions
        )

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """The object's selected fields; by the compiled plan where there is one and the object is as its type says."""
        if len(field_details_list) == 1:
            node = field_details_list[0].node
            try:
                plan = self.plans[id(node)]
            except KeyError:
                plan = self.plans[id(node)] = compile_plan(return_type, node, info.fragments)
            if plan is not None:
                try:
                    return plan(result)
                except Exception:  # graphql-core finds the same fault, and words it
                    pass
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)


def build_executor(
    schema: GraphQLSchema,
    prepared: Prepared,
    operation: Operation,
    given: dict[str, Any],
    context: Any,
    *,
    hide_suggestions: bool = False,
) -> PlanningExecutor:
    """The executor of an operation with the variables as given. Raises NotExecuted where they do not fit their types.

    As `Executor.build` would, but for what is the same for every request with the document.
    """
    values = _variable_values(schema, operation, given, hide_suggestions)
    executor = PlanningExecutor(
        schema,
        prepared.fragments,
        prepared.fragment_details,
        None,
        context,
        operation.node,
        values,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        is_awaitable=assume_not_awaitable,  # no resolver is asynchronous: spares a look at each value
        is_async_iterable=assume_not_async_iterable,
        hide_suggestions=hide_suggestions,
    )
    # Of no use where nothing is asynchronous, and a circle: the request's variables would wait for the collector.
    del executor.async_helpers
    executor.plans = prepared.plans
    executor.arguments = prepared.arguments
    executor.root_fields = operation.root_fields or root_fields(
        schema, operation.node, prepared.fragment_details, values, hide_suggestions=hide_suggestions
    )
    return executor


def _variable_values(
    schema: GraphQLSchema, operation: Operation, given: dict[str, Any], hide_suggestions: bool
) -> VariableValues:
    if operation.read_variables is not None:
        try:
            return operation.read_variables(given)
        except Exception:  # not in order: graphql-core reads them anew, and words the errors
            pass
    values = get_variable_values(
        schema,
        operation.node.variable_definitions or (),
        given,
        max_errors=_MOST_COERCION_ERRORS,
        hide_suggestions=hide_suggestions,
    )
    if isinstance(values, list):
        raise NotExecuted.of(Code.BAD_USER_INPUT, values)
    return values
