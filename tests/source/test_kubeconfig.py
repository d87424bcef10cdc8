"""What kubectl does with KUBECONFIG, contexts and files that kubeconfigs name."""

import json
from pathlib import Path

import pytest
import yaml

from osmscope.errors import SelectorError, SourceError
from osmscope.source import kubeconfig
from osmscope.source.kubeconfig import NoClusterError, describe, find_credentials

Json = dict[str, object]


@pytest.fixture(autouse=True)
def _nothing_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No kubeconfig and no pod around the test."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path / "serviceaccount")


def config(name: str, *, current: str = "", **parts: Json) -> Json:
    """A kubeconfig of one context; what is left out of its parts is left out."""
    return {
        "current-context": current,
        "contexts": [{"name": name, "context": parts.get("context", _context(name))}],
        "clusters": [
            {"name": name, "cluster": parts.get("cluster", {"server": f"https://{name}"})}
        ],
        "users": [{"name": name, "user": parts.get("user", {"token": f"token-of-{name}"})}],
    }


def _context(name: str) -> Json:
    return {"cluster": name, "user": name, "namespace": f"ns-of-{name}"}


def write(path: Path, content: Json) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))
    return str(path)


def user_of(found: kubeconfig.Credentials) -> Json:
    assert found.kubeconfig is not None
    user: Json = found.kubeconfig["users"][0]["user"]  # type: ignore[index]
    return user


def test_the_current_context_says_cluster_user_and_namespace(tmp_path: Path) -> None:
    found = find_credentials(write(tmp_path / "config", config("a", current="a")))
    assert (found.context, found.server, found.namespace) == ("a", "https://a", "ns-of-a")
    assert user_of(found) == {"token": "token-of-a"}
    assert found.where == str(tmp_path / "config")


def test_the_home_folder_has_the_default_file(tmp_path: Path) -> None:
    write(tmp_path / "home" / ".kube" / "config", config("home", current="home"))
    assert find_credentials().context == "home"


def test_an_empty_variable_is_as_good_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "home" / ".kube" / "config", config("home", current="home"))
    monkeypatch.setenv("KUBECONFIG", "")
    assert find_credentials().context == "home"


def test_of_several_files_the_first_that_names_something_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = config("a")
    second = config("b", current="b") | {"contexts": [*_contexts("a", "other"), *_contexts("b")]}
    third = config("c", current="c")
    paths = [
        write(tmp_path / "1", first),
        str(tmp_path / "missing"),
        "",
        write(tmp_path / "2", second),
        write(tmp_path / "3", third),
    ]
    monkeypatch.setenv("KUBECONFIG", ":".join(paths))
    assert find_credentials().context == "b"
    assert find_credentials(context="a").namespace == "ns-of-a"
    assert find_credentials(context="c").server == "https://c"


def _contexts(name: str, namespace: str = "") -> list[Json]:
    return [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}]


def test_the_namespace_is_that_of_the_chosen_context(tmp_path: Path) -> None:
    both = config("a", current="a") | {"contexts": [*_contexts("a", "one"), *_contexts("b", "two")]}
    both["clusters"] = [{"name": name, "cluster": {"server": "https://x"}} for name in "ab"]
    both["users"] = [{"name": name, "user": {}} for name in "ab"]
    path = write(tmp_path / "config", both)
    assert find_credentials(path).namespace == "one"
    assert find_credentials(path, "b").namespace == "two"


def test_a_context_without_namespace_means_default(tmp_path: Path) -> None:
    context: Json = {"cluster": "a", "user": "a"}
    path = write(tmp_path / "config", config("a", current="a", context=context))
    assert find_credentials(path).namespace == "default"


def test_files_are_found_beside_the_kubeconfig_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    user: Json = {"client-certificate": "c.pem", "client-key": "/abs/k.pem", "tokenFile": "token"}
    cluster: Json = {"server": "https://a", "certificate-authority": "ca.pem"}
    path = write(tmp_path / "config", config("a", current="a", user=user, cluster=cluster))
    found = find_credentials(path)
    assert user_of(found)["client-certificate"] == str(tmp_path / "c.pem")
    assert user_of(found)["client-key"] == "/abs/k.pem"
    assert user_of(found)["token"] == "from-a-file"
    assert set(found.files) == {
        str(tmp_path / "c.pem"), "/abs/k.pem", str(tmp_path / "token"), str(tmp_path / "ca.pem"),
    }  # fmt: skip


def test_a_plugin_is_told_what_client_go_tells_it(tmp_path: Path) -> None:
    version = "client.authentication.k8s.io/v1"
    plugin: Json = {
        "command": "./bin/login",
        "apiVersion": version,
        "env": [{"name": "A", "value": "b"}, {"name": "broken"}],
    }
    path = write(tmp_path / "config", config("a", current="a", user={"exec": plugin}))
    found: Json = user_of(find_credentials(path))["exec"]  # type: ignore[assignment]
    assert found["command"] == str(tmp_path / "bin" / "login")
    information, other = found["env"]  # type: ignore[misc]
    assert information["name"] == "KUBERNETES_EXEC_INFO"  # type: ignore[has-type]
    assert json.loads(information["value"])["apiVersion"] == version  # type: ignore[has-type]
    assert other == {"name": "A", "value": "b"}  # type: ignore[has-type]


def test_a_plugin_on_the_path_stays_there(tmp_path: Path) -> None:
    user: Json = {"exec": {"command": "aws", "apiVersion": "v1"}}
    path = write(tmp_path / "config", config("a", current="a", user=user))
    found: Json = user_of(find_credentials(path))["exec"]  # type: ignore[assignment]
    assert found["command"] == "aws"


def test_a_pod_has_its_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text("t")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    found = find_credentials()
    assert (found.kubeconfig, found.server) == (None, "https://[fd00::1]:443")
    assert (found.namespace, found.label) == ("default", "in-cluster")
    (folder / "namespace").write_text("mine\n")
    assert find_credentials().namespace == "mine"
    with pytest.raises(NoClusterError):
        find_credentials(context="a")


def test_without_any_it_is_said_what_was_tried(tmp_path: Path) -> None:
    with pytest.raises(NoClusterError, match="no cluster is known") as caught:
        find_credentials()
    assert str(tmp_path / "home" / ".kube" / "config") in caught.value.where
    assert "service account" in caught.value.where
    assert "no cluster is known" in describe()


@pytest.mark.parametrize(
    ("context", "message", "hint"),
    [
        ("prodd", "no context is called 'prodd'", "did you mean prod"),
        ("zzz", "no context is called 'zzz'", "give --context, one of prod"),
        (None, "no context is current", "give --context, one of prod"),
    ],
)
def test_a_context_that_is_not_there(
    tmp_path: Path, context: str | None, message: str, hint: str
) -> None:
    path = write(tmp_path / "config", config("prod"))
    with pytest.raises((SelectorError, SourceError), match=message) as caught:
        find_credentials(path, context)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "it is not YAML"),
        ("- a", "not a kubeconfig"),
        ("", "no context is current"),
        ("current-context: a\ncontexts: 7", "no context is called 'a'"),
        ("current-context: a\ncontexts: [{name: a, context: x}]", "the cluster '' of context 'a'"),
    ],
)
def test_a_file_that_is_no_kubeconfig(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises((SelectorError, SourceError), match=message):
        find_credentials(str(path))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"context": {"cluster": "b", "user": "a"}}, "the cluster 'b' of context 'a' is missing"),
        ({"context": {"cluster": "a", "user": "b"}}, "the user 'b' of context 'a' is missing"),
        ({"cluster": {}}, "has no server"),
        ({"user": {"as": "admin"}}, "impersonates another"),
        ({"user": {"tokenFile": "/nowhere"}}, "the token cannot be read"),
    ],
)
def test_a_context_that_lacks_something(
    tmp_path: Path, parts: dict[str, Json], message: str
) -> None:
    path = write(tmp_path / "config", config("a", current="a", **parts))
    with pytest.raises(SourceError, match=message):
        find_credentials(path)


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such kubeconfig"):
        find_credentials(str(tmp_path / "nowhere"))


def test_a_kubeconfig_without_contexts_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("{}")
    with pytest.raises(SelectorError) as caught:
        find_credentials(str(path), "a")
    assert caught.value.hint == "the kubeconfig has no contexts"


def test_what_would_be_asked_is_described_in_a_line(tmp_path: Path) -> None:
    path = write(tmp_path / "config", config("a", current="a"))
    assert describe(path) == f"context a, namespace ns-of-a, https://a ({path})"
