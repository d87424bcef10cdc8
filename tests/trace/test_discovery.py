import pytest

from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.http_connection_manager import HttpFilter
from osmscope.resources.http_filters.router import Router
from osmscope.trace.discovery import discovered
from tests.trace.sidecars import ROUTER, section, tracer

NOTHING = section("Ecds", ecds_filters=[])
DELIVERED = section("Ecds", ecds_filters=[{"ecds_filter": {**ROUTER, "name": "f"}}])
DEFAULT = {"default_config": ROUTER["typed_config"]}


@pytest.mark.parametrize(
    ("ecds", "discovery", "kind"),
    [
        (DELIVERED, {}, Router),
        (NOTHING, DEFAULT, Router),
        (NOTHING, {}, None),
        (NOTHING, "odd", None),
        (None, {}, Unsupported),
        (None, DEFAULT, Unsupported),
    ],
)
def test_what_was_delivered_else_the_default_else_nothing(ecds, discovery, kind):
    proxy = tracer({} if ecds is None else {"Ecds": ecds}).proxy
    found = discovered(proxy, HttpFilter(name="f", config_discovery=discovery))
    assert (None if found is None else type(decode_extension(found))) is kind
