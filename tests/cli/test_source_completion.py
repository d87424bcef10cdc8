"""What a shell offers where SOURCE is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.source.stub_api_server import listed, pod, stub_api_server


@pytest.fixture
def offered(osmscope, monkeypatch: pytest.MonkeyPatch):
    """Complete the last word of a command line."""

    def complete(line: str) -> list[str]:
        words = line.split(" ")
        monkeypatch.setenv("_OSMSCOPE_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        return osmscope().out.splitlines()

    return complete


def test_pods_of_a_snapshot_are_offered_and_files(offered, bookstore: Path) -> None:
    found = offered(f"osmscope trace --from {bookstore} bookstore")
    assert "plain,bookstore-v1" in found
    assert "plain,bookstore-v2-845b8d6f9c-h8wqz" in found
    assert found[-1] == "file,bookstore"
    assert "plain,bookstore/bookstore-v1" in offered(f"osmscope info --from {bookstore} bookstore/")


def test_the_word_behind_source_is_no_pod(offered, bookstore: Path) -> None:
    assert offered(f"osmscope trace --from {bookstore} bookbuyer bookst") == ["file,bookst"]


@pytest.mark.parametrize("word", ["./x", "/x", "~/x"])
def test_a_path_asks_no_cluster(offered, word: str) -> None:
    assert offered(f"osmscope trace {word}") == [f"file,{word}"]


def test_without_a_cluster_there_is_silence(offered) -> None:
    assert offered("osmscope trace book") == ["file,book"]


def test_pods_of_the_cluster_are_offered(
    offered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pods = [pod("web"), pod("webhook", "system")]

    def answer(path: str) -> tuple[int, bytes]:
        own = "/namespaces/default/" in path
        return 200, listed(*(pods[:1] if own else pods))

    with stub_api_server(answer) as stub:
        monkeypatch.setenv("KUBECONFIG", stub.kubeconfig(tmp_path / "kubeconfig"))
        assert offered("osmscope trace we") == [
            "plain,web", "plain,web-5ccf77f46d-rc5mg", "file,we",
        ]  # fmt: skip
        assert "plain,deploy/web" in offered("osmscope get clusters deploy/w")
        assert "plain,system/webhook" in offered("osmscope trace system/")
        stub.answer = lambda path: (500, b"")
        assert offered("osmscope trace we") == ["file,we"]
