"""What each family is checked for beside where its requests go."""

from tests.oracle.explained import (
    Check,
    check_buckets,
    check_limits,
    check_policies,
    check_tls,
)
from tests.oracle.explained_responses import check_responses

CHECKS: dict[str, Check] = {
    "limits": check_buckets,
    "policies": check_policies,
    "responses": check_responses,
    "time_limits": check_limits,
    "cluster_kinds": check_tls,
    "upstreams": check_tls,
}
