import json
import socket
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from osmscope.errors import RefusedError, SourceError, UnreachableError
from osmscope.source.admin import QUESTIONS, Admin, is_admin_address, path_of, read_admin
from tests.source import stub_admin
from tests.source.stub_admin import answers, http, serving

EMPTY = http(b'{"configs": []}')
FORBIDDEN = ("quit", "logging", "drain", "runtime_modify", "reset", "healthcheck", "profiler")


@pytest.mark.parametrize(
    ("location", "is_address"),
    [
        ("http://127.0.0.1:15000", True),
        ("https://envoy", True),
        ("unix:///run/admin.sock", True),
        ("dump.json", False),
        ("http:dump.json", False),
        ("-", False),
    ],
)
def test_an_admin_address_is_told_by_its_scheme(location: str, is_address: bool) -> None:
    assert is_admin_address(location) is is_address


def test_nothing_that_changes_an_envoy_is_among_the_questions() -> None:
    paths = {question.path for question in QUESTIONS.values()}
    assert paths == {
        "/config_dump",
        "/clusters",
        "/listeners",
        "/server_info",
        "/certs",
        "/init_dump",
        "/stats",
        "/ready",
    }
    assert not any(word in path for path in paths for word in FORBIDDEN)


@pytest.mark.parametrize(
    ("flags", "parameters", "path"),
    [
        ((), {}, "/config_dump"),
        (("include_eds",), {}, "/config_dump?include_eds"),
        (
            (),
            {"mask": "version_info", "name_regex": "^(?:a|b\\+c)$"},
            "/config_dump?mask=version_info&name_regex=%5E%28%3F%3Aa%7Cb%5C%2Bc%29%24",
        ),
        (
            (),
            {"name_regex": "x&resource=y#/../quitquitquit?\r\nHost: z é"},
            "/config_dump?name_regex=x%26resource%3Dy%23%2F..%2Fquitquitquit%3F%0D%0AHost%3A%20z"
            "%20%C3%A9",
        ),
        ((), {"name_regex": ""}, "/config_dump"),
    ],
)
def test_values_of_parameters_are_encoded(
    flags: tuple[str, ...], parameters: dict[str, str], path: str
) -> None:
    assert path_of("config_dump", *flags, **parameters) == path


@pytest.mark.parametrize(
    ("what", "flags", "parameters"),
    [
        ("quitquitquit", (), {}),
        ("/logging", (), {}),
        ("config_dump", ("enable",), {}),
        ("clusters", (), {"level": "trace"}),
        ("ready", (), {"filter": "x"}),
    ],
)
def test_what_is_no_question_is_not_asked(
    what: str, flags: tuple[str, ...], parameters: dict[str, str]
) -> None:
    with serving(answers(EMPTY)) as (address, seen):
        with pytest.raises(ValueError, match=r"question|parameter"):
            Admin(address).ask(what, *flags, **parameters)
        assert seen == []


def test_only_get_is_sent_whatever_the_address_says() -> None:
    with serving(answers(EMPTY)) as (address, seen):
        location = address.replace("//", "//user:secret@") + "/quitquitquit?x=1"
        source = read_admin(location, "config_dump")
    assert seen == ["GET /config_dump?include_eds HTTP/1.1"]
    assert source.where == f"{address}/config_dump?include_eds"
    assert source.data == b'{"configs": []}'


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(stub_admin.never, r"no whole answer within 0\.3 seconds", id="never"),
        pytest.param(stub_admin.drip, r"no whole answer within 0\.3 seconds", id="drips"),
        pytest.param(
            answers(http(b'{"configs"')[:-3]), "cannot be reached: peer closed", id="cut off"
        ),
        pytest.param(
            answers(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"configs": [{'), "in the middle", id="no length"
        ),
        pytest.param(answers(b""), "cannot be reached: Server disconnected", id="closes at once"),
        pytest.param(answers(b"SSH-2.0-x\r\n"), "cannot be reached", id="not HTTP"),
        pytest.param(
            answers(http(b"<html>", kind="text/html; charset=UTF-8")), "is a web page", id="HTML"
        ),
        pytest.param(answers(http(b"<html>")), "no JSON object", id="HTML that says it is JSON"),
        pytest.param(
            answers(http(b"", status="302 Found", more="location: /quitquitquit\r\n")),
            "HTTP 302, a redirect to '/quitquitquit', which is not followed",
            id="redirect",
        ),
        pytest.param(
            answers(http(b"nope not found", status="404 Not Found", kind="text/plain")),
            "HTTP 404, not 200: nope not found",
            id="refused",
        ),
        pytest.param(
            answers(http(b"<html>" * 99999, status="502 Bad Gateway", kind="text/html")),
            r"HTTP 502, not 200 \(",
            id="a gateway",
        ),
        pytest.param(stub_admin.endless, "larger than 3000000 bytes", id="endless"),
        pytest.param(stub_admin.endless_headers, "cannot be reached", id="endless headers"),
        pytest.param(answers(stub_admin.bomb()), "is compressed", id="gzip bomb"),
    ],
)
def test_what_does_not_answer_as_an_envoy_is_unreachable_in_time_and_memory(
    answer: stub_admin.Answering, message: str
) -> None:
    start = time.monotonic()
    tracemalloc.start()
    try:
        with serving(answer) as (address, seen):
            with pytest.raises(UnreachableError, match=message) as caught:
                read_admin(address, "config_dump", deadline=0.3, limit=3_000_000)
            peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000
    assert time.monotonic() - start < 8
    assert len(seen) == 1
    assert caught.value.where.startswith(address)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "message", "error"),
    [
        ("http://127.0.0.1:1", "cannot be reached", UnreachableError),
        ("http://does-not-exist.invalid:1", "cannot be reached", UnreachableError),
        ("http://x..y:1", "cannot be reached", UnreachableError),
        ("http://", "not an admin address", SourceError),
        ("http://[::1", "not an admin address", SourceError),
        ("http://x:0", "not an admin address", SourceError),
        ("http://x:99999", "not an admin address", SourceError),
        ("unix://", "not an admin address", SourceError),
        ("unix:///does/not/exist", "no such socket", UnreachableError),
    ],
)
def test_an_address_where_nobody_is_is_told(
    location: str, message: str, error: type[SourceError]
) -> None:
    with pytest.raises(error, match=message) as caught:
        read_admin(location, "config_dump")
    assert type(caught.value) is error
    assert caught.value.where
    assert caught.value.hint


def test_a_refusal_tells_its_status() -> None:
    refusing = answers(http(b"x", status="400 Bad Request"))
    with serving(refusing) as (address, _), pytest.raises(RefusedError) as caught:
        read_admin(address, "clusters")
    assert caught.value.status == 400


def test_an_envoy_that_starts_is_not_ready_and_answers() -> None:
    starting = http(b"PRE_INITIALIZING\n", status="503 Service Unavailable", kind="text/plain")
    with serving(answers(starting)) as (address, _):
        assert read_admin(address, "ready").data == b"PRE_INITIALIZING\n"


def test_questions_are_counted_with_their_bytes() -> None:
    with serving(answers(EMPTY), keep_alive=True) as (address, _):
        admin = Admin(address)
        admin.ask("config_dump", mask="version_info")
        admin.ask("clusters", filter="^a$")
        admin.close()
    assert (admin.account.questions, admin.account.bytes) == (2, 30)
    assert [(asked.path, asked.size) for asked in admin.account.recent] == [
        ("/config_dump?mask=version_info", 15),
        ("/clusters?format=json&filter=%5Ea%24", 15),
    ]
    assert all(asked.seconds >= 0 for asked in admin.account.recent)


def test_a_connection_is_kept_for_the_next_question() -> None:
    connections: set[int] = set()

    def answer(connection: socket.socket, path: str) -> None:
        connections.add(connection.getpeername()[1])
        connection.sendall(EMPTY)

    with serving(answer, keep_alive=True) as (address, _):
        admin = Admin(address)
        for _ in range(3):
            admin.ask("config_dump")
        assert len(connections) == 1
        admin.close()
        admin.ask("config_dump")
        assert len(connections) == 2
        admin.close()


def test_a_kept_connection_that_is_gone_is_made_again() -> None:
    with serving(answers(EMPTY)) as (address, seen):
        admin = Admin(address)
        for _ in range(5):
            assert admin.ask("config_dump").data
        admin.close()
    assert len(seen) == 5


def test_one_question_at_a_time_for_an_address() -> None:
    under_way = 0
    most = 0

    def answer(connection: socket.socket, path: str) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.02)
        under_way -= 1
        connection.sendall(EMPTY)

    with serving(answer) as (address, seen):
        asking = [
            threading.Thread(target=read_admin, args=(address, "config_dump")) for _ in range(6)
        ]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
    assert len(seen) == 6
    assert most == 1


def test_who_waits_for_its_turn_has_a_deadline_too() -> None:
    with serving(stub_admin.never) as (address, _):

        def ask() -> None:
            with pytest.raises(UnreachableError, match="no whole answer"):
                read_admin(address, "ready", deadline=1.0)

        first = threading.Thread(target=ask)
        first.start()
        time.sleep(0.2)
        with pytest.raises(UnreachableError, match=r"busy for 0\.1 seconds"):
            read_admin(address, "config_dump", deadline=0.1)
        first.join()


def test_a_unix_socket_at_which_nobody_listens_is_told(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
    with pytest.raises(UnreachableError, match=r"cannot be reached: .*refused"):
        read_admin(f"unix://{path}", "ready")


def test_a_server_that_shakes_no_hands_is_told() -> None:
    with (
        serving(answers(EMPTY)) as (address, _),
        pytest.raises(UnreachableError, match=r"no whole answer within 0\.3 seconds"),
    ):
        read_admin(address.replace("http:", "https:"), "ready", deadline=0.3)


def test_a_unix_socket_is_an_address(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(EMPTY)

        thread = threading.Thread(target=answer)
        thread.start()
        source = read_admin(f"unix://{path}", "clusters")
        thread.join()
    assert source.where == f"unix://{path} /clusters?format=json"


@pytest.mark.envoy
@pytest.mark.parametrize("what", list(QUESTIONS))
def test_a_real_envoy_answers_every_question(live_envoy: str, what: str) -> None:
    data = read_admin(live_envoy, what).data
    if what == "ready":
        assert data in (b"LIVE\n", b"INITIALIZING\n", b"PRE_INITIALIZING\n")
    elif what == "stats":
        assert b"listener_manager.lds.update_success" in data
    else:
        assert isinstance(json.loads(data), dict)


@pytest.mark.envoy
def test_a_real_envoy_is_asked_for_endpoints_too(live_envoy: str) -> None:
    dump = json.loads(read_admin(live_envoy, "config_dump").data)
    assert any("EndpointsConfigDump" in section["@type"] for section in dump["configs"])
    clusters = json.loads(read_admin(live_envoy, "clusters").data)
    assert {"plain", "static"} <= {status["name"] for status in clusters["cluster_statuses"]}


@pytest.mark.envoy
@pytest.mark.parametrize(
    ("what", "parameters"),
    [
        ("config_dump", {"name_regex": "("}),
        ("config_dump", {"resource": "nope"}),
        ("clusters", {"filter": "("}),
        ("stats", {"filter": "("}),
    ],
)
def test_a_real_envoy_refuses_what_it_cannot_read(
    live_envoy: str, what: str, parameters: dict[str, str]
) -> None:
    admin = Admin(live_envoy)
    with pytest.raises(RefusedError, match=r"HTTP 40[04], not 200: "):
        admin.ask(what, **parameters)
    admin.close()
