"""Role based access control: policies, permissions, principals."""

from osmscope.resources.address import CidrRange
from osmscope.resources.cel import CelConfig, CelExpr, CelParsed
from osmscope.resources.matcher import (
    FilterStateMatcher,
    HeaderMatcher,
    Matcher,
    MetadataMatcher,
    PathMatcher,
    StringMatcher,
    TypedExtensionConfig,
)
from osmscope.resources.resource import Resource


class Int32Range(Resource, frozen=True):
    """A half-open range of ports."""

    start: int = 0
    end: int = 0


class SourcedMetadata(Resource, frozen=True):
    """A metadata matcher and where the metadata is taken from."""

    metadata_matcher: MetadataMatcher = MetadataMatcher()
    metadata_source: str = "DYNAMIC"


class PermissionSet(Resource, frozen=True):
    """Permissions joined by and / or."""

    rules: tuple["Permission", ...] = ()


class Permission(Resource, frozen=True):
    """`envoy.config.rbac.v3.Permission`: exactly one of its rules is set."""

    and_rules: PermissionSet | None = None
    or_rules: PermissionSet | None = None
    any: bool | None = None
    header: HeaderMatcher | None = None
    url_path: PathMatcher | None = None
    destination_ip: CidrRange | None = None
    destination_port: int | None = None
    destination_port_range: Int32Range | None = None
    metadata: MetadataMatcher | None = None
    not_rule: "Permission | None" = None
    requested_server_name: StringMatcher | None = None
    matcher: TypedExtensionConfig | None = None
    uri_template: TypedExtensionConfig | None = None
    sourced_metadata: SourcedMetadata | None = None


class PrincipalSet(Resource, frozen=True):
    """Principals joined by and / or."""

    ids: tuple["Principal", ...] = ()


class Authenticated(Resource, frozen=True):
    """The name in the client's certificate; without a name, any TLS connection."""

    principal_name: StringMatcher | None = None


class Principal(Resource, frozen=True):
    """`envoy.config.rbac.v3.Principal`: exactly one of its identifiers is set."""

    and_ids: PrincipalSet | None = None
    or_ids: PrincipalSet | None = None
    any: bool | None = None
    authenticated: Authenticated | None = None
    source_ip: CidrRange | None = None
    direct_remote_ip: CidrRange | None = None
    remote_ip: CidrRange | None = None
    header: HeaderMatcher | None = None
    url_path: PathMatcher | None = None
    metadata: MetadataMatcher | None = None
    filter_state: FilterStateMatcher | None = None
    not_id: "Principal | None" = None
    sourced_metadata: SourcedMetadata | None = None
    custom: TypedExtensionConfig | None = None


class Policy(Resource, frozen=True):
    """`envoy.config.rbac.v3.Policy`."""

    permissions: tuple[Permission, ...] = ()
    principals: tuple[Principal, ...] = ()
    condition: CelExpr | None = None
    checked_condition: CelParsed | None = None
    cel_config: CelConfig | None = None


class RbacRules(Resource, frozen=True):
    """`envoy.config.rbac.v3.RBAC`."""

    inert = frozenset({"audit_logging_options"})

    action: str = "ALLOW"
    policies: dict[str, Policy] = {}


class RbacAction(Resource, frozen=True):
    """`envoy.config.rbac.v3.Action`: what a matcher of an RBAC filter leads to."""

    name: str = ""
    action: str = "ALLOW"


class HttpRbac(Resource, frozen=True):
    """`envoy.extensions.filters.http.rbac.v3.RBAC`."""

    inert = frozenset({"track_per_rule_stats"})

    rules: RbacRules | None = None
    matcher: Matcher | None = None
    rules_stat_prefix: str = ""
    shadow_rules: RbacRules | None = None
    shadow_matcher: Matcher | None = None
    shadow_rules_stat_prefix: str = ""


class HttpRbacPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.rbac.v3.RBACPerRoute`; without `rbac` the filter is off."""

    rbac: HttpRbac | None = None


class NetworkRbac(Resource, frozen=True):
    """`envoy.extensions.filters.network.rbac.v3.RBAC`."""

    inert = frozenset({
        "shadow_rules", "shadow_matcher", "shadow_rules_stat_prefix",
        "enforcement_type", "delay_deny",
    })  # fmt: skip

    stat_prefix: str = ""
    rules: RbacRules | None = None
    matcher: Matcher | None = None
