"""Expressions of the Common Expression Language, as Envoy's configuration holds them: parsed."""

from osmscope.resources.extension import extension
from osmscope.resources.resource import Resource


class CelConstant(Resource, frozen=True):
    """A literal: one of its kinds is set; 64-bit numbers may be text."""

    bool_value: bool | None = None
    int64_value: int | None = None
    uint64_value: int | None = None
    double_value: float | None = None
    string_value: str | None = None
    bytes_value: str | None = None


class CelIdent(Resource, frozen=True):
    """A name."""

    name: str = ""


class CelSelect(Resource, frozen=True):
    """A field of something, or the question whether it is there."""

    operand: "CelExpr | None" = None
    field: str = ""
    test_only: bool = False


class CelCall(Resource, frozen=True):
    """A function or an operator."""

    target: "CelExpr | None" = None
    function: str = ""
    args: tuple["CelExpr", ...] = ()


class CelList(Resource, frozen=True):
    """A list."""

    elements: tuple["CelExpr", ...] = ()


class CelEntry(Resource, frozen=True):
    """An entry of a map."""

    inert = frozenset({"id"})

    map_key: "CelExpr | None" = None
    value: "CelExpr | None" = None


class CelStruct(Resource, frozen=True):
    """A map; messages are not among what Envoy's attributes hold."""

    message_name: str = ""
    entries: tuple[CelEntry, ...] = ()


class CelExpr(Resource, frozen=True):
    """`google.api.expr.v1alpha1.Expr`: exactly one of its kinds is set."""

    inert = frozenset({"id"})

    const_expr: CelConstant | None = None
    ident_expr: CelIdent | None = None
    select_expr: CelSelect | None = None
    call_expr: CelCall | None = None
    list_expr: CelList | None = None
    struct_expr: CelStruct | None = None
    comprehension_expr: object = None


class CelParsed(Resource, frozen=True):
    """A parsed or checked expression."""

    inert = frozenset({"source_info", "reference_map", "type_map", "expr_version"})

    expr: CelExpr = CelExpr()


class CelConfig(Resource, frozen=True):
    """What of the language is switched on besides the usual."""

    enable_string_conversion: bool = False
    enable_string_concat: bool = False
    enable_string_functions: bool = False


class CelExpression(Resource, frozen=True):
    """`xds.type.v3.CelExpression`: exactly one of its kinds is set."""

    parsed_expr: CelParsed | None = None
    checked_expr: CelParsed | None = None
    cel_expr_parsed: CelParsed | None = None
    cel_expr_checked: CelParsed | None = None
    cel_expr_string: str = ""

    @property
    def expr(self) -> CelExpr | None:
        """The expression; None where it stands there as text."""
        kinds = (
            self.cel_expr_parsed, self.cel_expr_checked, self.parsed_expr, self.checked_expr,
        )  # fmt: skip
        return next((kind.expr for kind in kinds if kind is not None), None)


@extension("xds.type.matcher.v3.CelMatcher")
class CelMatcher(Resource, frozen=True):
    """Fits where an expression is true."""

    inert = frozenset({"description"})

    expr_match: CelExpression = CelExpression()


@extension("xds.type.matcher.v3.HttpAttributesCelMatchInput")
class CelMatchInput(Resource, frozen=True):
    """Everything that an expression can name."""
