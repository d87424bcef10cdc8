"""osmscope asked as a user of the cluster, in this process."""

from __future__ import annotations


class Asked:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        self.text = " ".join((out + err).split())
