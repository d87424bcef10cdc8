"""Where a request lands in one sidecar, and why there.

Evaluate first, explain on demand: `answer` builds no explanations, so that a batch of requests
stays cheap; `explain` evaluates once and then asks the rules again about the candidates that lost.
"""

from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Answer, Explanation
from osmscope.trace.request import TraceRequest


class Tracer:
    """Answers requests about one proxy; its indexes are built once, when first needed."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy

    def answer(self, request: TraceRequest) -> Answer:
        """Evaluate a request.

        Args:
            request: What is asked, its destination completed (see `osmscope.trace.target`).

        Raises:
            UsageError: The request lacks what no default can stand for.
            DumpError: A resource on the path cannot be read.
        """
        raise NotImplementedError

    def explain(self, request: TraceRequest) -> tuple[Answer, Explanation]:
        """Evaluate a request and tell every decision with its losers.

        Raises:
            UsageError: The request lacks what no default can stand for.
            DumpError: A resource on the path cannot be read.
        """
        raise NotImplementedError
