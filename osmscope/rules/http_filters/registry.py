"""Which rule decides for which filter."""

from osmscope.resources.http_filters.authentication import ApiKeyAuth, BasicAuth
from osmscope.resources.http_filters.header import HeaderMutation, Lua
from osmscope.resources.http_filters.traffic import Cors, CsrfPolicy, HealthCheck, HttpFault
from osmscope.resources.rbac import HttpRbac
from osmscope.rules.http_filters import (
    api_key_auth,
    basic_auth,
    cors,
    csrf,
    fault,
    header_mutation,
    health_check,
    lua,
    rbac,
)
from osmscope.rules.http_filters.filter_result import HttpFilterRules

RULES: HttpFilterRules = {
    HttpRbac: rbac.evaluate,
    ApiKeyAuth: api_key_auth.evaluate,
    BasicAuth: basic_auth.evaluate,
    Cors: cors.evaluate,
    CsrfPolicy: csrf.evaluate,
    HttpFault: fault.evaluate,
    HeaderMutation: header_mutation.evaluate,
    HealthCheck: health_check.evaluate,
    Lua: lua.evaluate,
}
