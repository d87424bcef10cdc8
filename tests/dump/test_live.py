from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.live import LiveDump
from osmscope.dump.live_clusters import LiveClusters
from osmscope.dump.live_versions import moved
from osmscope.dump.sections import Dump, Entry
from osmscope.errors import RefusedError, UnreachableError
from tests.dump.stub_envoy import Answer, StubEnvoy

KINDS = (
    "listener",
    "cluster",
    "route_config",
    "scoped_routes",
    "endpoint",
    "secret",
    "ecds_filter",
)
V1 = "bookstore/bookstore-v1|14001"
V2 = "bookstore/bookstore-v2|14001"


@pytest.fixture
def envoy(bookbuyer: Path) -> StubEnvoy:
    return StubEnvoy(bookbuyer)


@pytest.fixture
def old(bookbuyer: Path) -> StubEnvoy:
    return StubEnvoy(bookbuyer, is_old=True)


@pytest.fixture
def whole(bookbuyer: Path) -> Dump:
    return Dump.read((bookbuyer / "config_dump.json").read_bytes(), where="whole")


def live(envoy: StubEnvoy) -> LiveDump:
    return LiveDump(envoy, where="stub")


def facts(entries: Iterable[Entry]) -> list[object]:
    """What entries say, however it was spelled."""
    plain = [msgspec.structs.asdict(entry) for entry in entries]
    return [one | {"body": msgspec.json.decode(one["body"])} for one in plain]


def test_nothing_is_asked_before_it_is_needed(envoy: StubEnvoy) -> None:
    dump = live(envoy)
    serving = dump.serving("cluster")
    assert envoy.asked == []
    assert serving[V1].name == V1
    assert len(envoy.asked) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_old", [False, True], ids=["1.40", "1.18"])
def test_a_section_is_read_as_in_the_whole_dump(
    bookbuyer: Path, whole: Dump, kind: str, is_old: bool
) -> None:
    envoy = StubEnvoy(bookbuyer, is_old=is_old)
    dump = live(envoy)
    expected = whole.entries(kind)
    if not (is_old and kind in ("endpoint", "ecds_filter")):
        assert facts(dump.entries(kind)) == facts(expected)
        assert dump.has(kind) is whole.has(kind)
        assert dump.version_info(kind) == whole.version_info(kind)
        assert list(dump.serving(kind)) == list(whole.serving(kind))
        assert len(dump.serving(kind)) == len(whole.serving(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_is_found_in_all_its_states_as_in_the_whole_dump(
    envoy: StubEnvoy, whole: Dump, kind: str
) -> None:
    dump = live(envoy)
    for name in (*dict.fromkeys(entry.name for entry in whole.entries(kind)), "nobody", ""):
        found = [(one.state, one.body) for one in dump.find(kind, name)]
        expected = whole.find(kind, name)
        assert [state for state, _ in found] == [one.state for one in expected]
        assert [msgspec.json.decode(body) for _, body in found] == [
            msgspec.json.decode(one.body) for one in expected
        ]
        assert (name in dump.serving(kind)) is (name in whole.serving(kind))


def test_a_name_is_asked_for_once_also_one_that_is_not_there(envoy: StubEnvoy) -> None:
    dump = live(envoy)
    for _ in range(3):
        assert dump.serving("cluster").get("nobody") is None
        assert dump.find("cluster", "nobody") == ()
        assert dump.has("cluster")
    assert len(envoy.asked) == 1
    assert envoy.asked[0][1]["name_regex"] == "^(?:nobody|)$"


def test_names_that_are_expected_are_asked_for_at_once(envoy: StubEnvoy) -> None:
    dump = live(envoy)
    dump.expect("cluster", (V1, V2, V1))
    assert {dump.serving("cluster")[name].name for name in (V1, V2)} == {V1, V2}
    assert len(envoy.asked) == 1


def test_too_many_names_are_asked_for_as_the_whole_section(envoy: StubEnvoy) -> None:
    dump = live(envoy)
    dump.expect("cluster", [f"cluster-{number:05}" for number in range(5000)])
    assert dump.serving("cluster")[V1].name == V1
    assert [asked["name_regex"] for _, asked in envoy.asked] == [""]


def test_a_pattern_that_envoy_refuses_is_left_out(envoy: StubEnvoy) -> None:
    dump = live(envoy)
    assert dump.serving("cluster").get("x" * 9000) is None
    assert V1 in dump.serving("cluster")
    assert len(envoy.asked) == 2


def test_whether_a_kind_is_shown_at_all_is_asked_for_without_its_resources(
    envoy: StubEnvoy,
) -> None:
    dump = live(envoy)
    envoy.configs = [one for one in envoy.configs if "EcdsConfigDump" not in str(one["@type"])]
    assert dump.has("route_config")
    assert not dump.has("ecds_filter")
    assert dump.entries("ecds_filter") == ()
    assert dump.known()["ecds_filter"].entries == ()
    assert envoy.asked[0][1]["name_regex"] == "a^"


def test_an_envoy_that_ignores_names_sends_a_section_once(old: StubEnvoy) -> None:
    dump = live(old)
    assert dump.serving("cluster")[V1].name == V1
    assert dump.serving("cluster")[V2].name == V2
    assert "nobody" not in dump.serving("cluster")
    assert dump.has("route_config")
    assert dump.serving("route_config").get("nobody") is None
    assert len(old.asked) == 2
    assert not dump.has("ecds_filter")


def test_endpoints_without_a_name_are_seen(envoy: StubEnvoy, old: StubEnvoy) -> None:
    for one, expected in ((envoy, False), (old, True)):
        dump = live(one)
        assert dump.find("endpoint", V1) == () if one is old else dump.find("endpoint", V1)
        assert dump.has_nameless("endpoint") is expected
        dump.entries("endpoint")
        assert dump.has_nameless("endpoint") is expected


def test_of_the_bootstrap_only_what_decides_is_asked_for(envoy: StubEnvoy, whole: Dump) -> None:
    dump = live(envoy)
    assert dump.node() == whole.node()
    assert dump.last_updated == whole.last_updated
    assert dump.bootstrap is not None
    assert len(dump.bootstrap) < 2000
    assert len(envoy.asked) == 1


def test_another_refusal_is_passed_on() -> None:
    class Refusing:
        def ask(self, what: str, *flags: str, **parameters: str) -> Answer:
            raise RefusedError("the answer is HTTP 403, not 200", status=403)

    dump = LiveDump(Refusing(), where="stub")
    with pytest.raises(RefusedError):
        dump.has("cluster")
    with pytest.raises(RefusedError):
        dump.find("cluster", "a")


def test_an_empty_answer_has_no_sections() -> None:
    class Empty:
        def ask(self, what: str, *flags: str, **parameters: str) -> Answer:
            return Answer(b"{}", "stub")

    assert LiveDump(Empty(), where="stub").bootstrap is None


@pytest.mark.parametrize("is_old", [False, True], ids=["1.40", "1.18"])
def test_hosts_are_asked_for_by_cluster(bookbuyer: Path, is_old: bool) -> None:
    envoy = StubEnvoy(bookbuyer, is_old=is_old)
    expected = read_clusters((bookbuyer / "clusters.json").read_bytes(), where="whole")
    clusters = LiveClusters(envoy, live(envoy))
    clusters.expect((V1, V2, "nobody"))
    assert clusters[V1] == expected[V1]
    assert V2 in clusters
    assert clusters.get("nobody") is None
    assert 7 not in clusters
    assert len(envoy.asked) == 1
    assert list(clusters) == list(expected)
    assert len(clusters) == len(expected)
    assert clusters[V1] == expected[V1]
    assert len(envoy.asked) == (1 if is_old else 2)


def test_too_many_clusters_are_asked_for_as_all(bookbuyer: Path) -> None:
    envoy = StubEnvoy(bookbuyer)
    clusters = LiveClusters(envoy, live(envoy))
    clusters.expect([f"cluster-{number:05}" for number in range(5000)])
    assert V1 in clusters
    assert envoy.asked == [("clusters", {"filter": ""})]


CHANGES = [
    pytest.param("dynamic_active_clusters", "version_info", "cluster", id="cluster"),
    pytest.param("dynamic_route_configs", "last_updated", "route_config", id="route"),
]


@pytest.mark.parametrize("is_old", [False, True], ids=["1.40", "1.18"])
def test_what_stayed_is_not_said_to_have_moved(bookbuyer: Path, is_old: bool) -> None:
    envoy = StubEnvoy(bookbuyer, is_old=is_old)
    dump = live(envoy)
    dump.entries("listener")
    dump.expect("cluster", (V1, "nobody"))
    dump.expect("route_config", ("rds-outbound.14001",))
    dump.expect("endpoint", (V1,))
    dump.expect("secret", ("service-cert:bookbuyer/bookbuyer",))
    dump.entries("ecds_filter")
    assert moved(envoy, dump) == ()


@pytest.mark.parametrize(("field", "stamp", "kind"), CHANGES)
def test_another_version_has_moved(envoy: StubEnvoy, field: str, stamp: str, kind: str) -> None:
    dump = live(envoy)
    names = [entry.name for entry in live(envoy).entries(kind) if entry.version_info][:1]
    dump.expect(kind, names)
    for entry in envoy.list_of(field):
        entry[stamp] = "other"  # type: ignore[assignment]
    (found,) = moved(envoy, dump)
    assert found.kind == kind
    assert names[0] in found.words
    assert ("to other" in found.words) is (stamp == "version_info")


def test_a_listener_that_changes_and_endpoints_that_go_have_moved(envoy: StubEnvoy) -> None:
    dump = live(envoy)
    dump.entries("listener")
    dump.expect("endpoint", (V1,))
    for listener in envoy.list_of("dynamic_listeners"):
        listener["active_state"]["version_info"] = "9"
    for entry in envoy.list_of("dynamic_endpoint_configs"):
        entry["endpoint_config"].pop("endpoints", None)
    assert tuple(one.words for one in moved(envoy, dump)) == (
        f"the endpoints of {V1} changed",
        "the listeners changed from version 1 to 9",
    )


def test_a_cluster_that_was_not_there_and_is_now_has_moved(envoy: StubEnvoy) -> None:
    dump = live(envoy)
    dump.expect("cluster", ("new", "a", "b", "c", "d"))
    body = {"cluster": {"name": "new"}, "version_info": "2", "last_updated": "now"}
    envoy.list_of("dynamic_active_clusters")
    next(one for one in envoy.configs if "dynamic_active_clusters" in one)[
        "dynamic_active_clusters"
    ].append(body)  # type: ignore[attr-defined]
    (found,) = moved(envoy, dump)
    assert found.words == "the clusters new, a, b and 2 more changed"


def test_what_is_no_longer_good_is_asked_for_again_and_nothing_else(envoy: StubEnvoy) -> None:
    dump = live(envoy)
    dump.entries("listener")
    dump.expect("cluster", (V1,))
    dump.expect("endpoint", (V1,))
    asked = len(envoy.asked)
    again = dump.renewed({"cluster"})
    assert again.entries("listener") == dump.entries("listener")
    assert again.version_info("listener") == dump.version_info("listener")
    assert again.find("endpoint", V1) == dump.find("endpoint", V1)
    assert len(envoy.asked) == asked
    assert again.find("cluster", V1)
    assert len(envoy.asked) == asked + 1
    again.expect("endpoint", (V2,))
    assert V2 not in dump.known()["endpoint"].names


def test_a_refusal_of_a_version_is_passed_on(envoy: StubEnvoy) -> None:
    dump = live(envoy)
    dump.entries("listener")

    class Gone:
        def ask(self, what: str, *flags: str, **parameters: str) -> Answer:
            raise RefusedError("the answer is HTTP 503, not 200", status=503)

    with pytest.raises(RefusedError):
        moved(Gone(), dump)


def test_what_is_listed_later_is_found_and_listed_once(envoy: StubEnvoy, whole: Dump) -> None:
    dump = live(envoy)
    before = dump.serving("cluster")
    assert V1 in before
    assert list(before) == list(whole.serving("cluster"))
    assert len(before) == len(whole.serving("cluster"))
    assert before[V1].name == V1
    assert dump.newest_update() == whole_newest(whole, "cluster")
    assert len(envoy.asked) == 2


def whole_newest(whole: Dump, kind: str) -> str:
    return max(entry.last_updated for entry in whole.entries(kind))


def test_json_of_something_else_is_no_envoy() -> None:
    class Other:
        def ask(self, what: str, *flags: str, **parameters: str) -> Answer:
            return Answer(b'{"a": 1}', "stub")

    with pytest.raises(UnreachableError, match="not a config dump"):
        LiveDump(Other(), where="stub").has("cluster")
