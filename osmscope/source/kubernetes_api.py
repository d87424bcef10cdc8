"""Questions to an API server, over kr8s' connection; only GET.

Decision: kr8s brings the connection (credentials, plugins, TLS, proxies) and nothing else, so that
answers are read by the code that reads a snapshot's lists. It asks again where it is told 401 or
403; here that is done once, for 401 alone. Keys that it writes to files are removed at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from osmscope.errors import ForbiddenError, UnreachableError
from osmscope.source import kubeconfig
from osmscope.source.kubeconfig import Credentials

if TYPE_CHECKING:
    import httpx_ws
    from kr8s.asyncio import Api

GRACE = 1.0
"""Seconds more for httpx to notice by itself that a step takes too long: it then tidies up."""

_CONNECT_DEADLINE = 10.0
_PAGE = 500
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 401, 403, 404
_USER = re.compile(r'User "(?P<user>[^"]+)"')
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_KEY_FILES = ("client_key_file", "client_cert_file", "server_ca_file")


class Kind(msgspec.Struct, frozen=True):
    """Where the API server keeps objects of a kind."""

    base: str
    plural: str


PODS = Kind("/api/v1", "pods")
SERVICES = Kind("/api/v1", "services")
ENDPOINT_SLICES = Kind("/apis/discovery.k8s.io/v1", "endpointslices")

MESH_CONFIGS = tuple(
    Kind(f"/apis/config.openservicemesh.io/{version}", "meshconfigs")
    for version in ("v1alpha2", "v1alpha1")
)
"""OSM's configuration, of 1.1 and later, and of earlier releases."""


class NotFoundError(UnreachableError):
    """The API server has no such object, or no such kind."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One GET."""

    kind: Kind
    namespace: str = ""
    """ "" for all namespaces."""
    name: str = ""
    """ "" for a list."""
    part: str = ""
    """What of the object: portforward."""
    fields: str = ""
    """A field selector, of a list."""
    labels: str = ""
    """A label selector, of a list."""

    @property
    def verb(self) -> str:
        """The verb that a role has to allow."""
        return "get" if self.name else "list"

    @property
    def resource(self) -> str:
        """The resource that a role has to allow."""
        return f"{self.kind.plural}/{self.part}" if self.part else self.kind.plural

    @property
    def place(self) -> str:
        """Where, in words."""
        return f"in namespace {self.namespace}" if self.namespace else "in all namespaces"


class ApiServer:
    """One connection to an API server, made when it is first needed.

    Args:
        credentials: Which cluster, and who asks.
        deadline: Seconds for each question.
    """

    def __init__(self, credentials: Credentials, deadline: float) -> None:
        self.credentials = credentials
        self.deadline = deadline
        self.where = f"{credentials.label}, {credentials.server}"
        self._connecting = asyncio.Lock()
        self._api: Api | None = None

    async def get(self, question: Question, page: str = "") -> bytes:
        """Ask for an object, or for a page of a list.

        Args:
            question: What is asked for.
            page: Where the page starts; "" for the first.

        Raises:
            ForbiddenError: The user may not.
            UnreachableError: The API server does not answer, or refuses who asks.
            NotFoundError: There is no such object, or no such kind.
        """
        self._check(question)
        async with self._errors(question):
            api = await self._connected()
            parameters = {"fieldSelector": question.fields, "labelSelector": question.labels}
            if not question.name:
                parameters |= {"limit": str(_PAGE), "continue": page}
            # 401 is asked again, with fresh credentials; kr8s would do so for 403, too.
            for again in (False, True):
                async with api.call_api(
                    "GET",
                    version="",
                    base=question.kind.base,
                    namespace=question.namespace or None,
                    url="/".join(
                        filter(None, (question.kind.plural, question.name, question.part))
                    ),
                    params={name: value for name, value in parameters.items() if value},
                    raise_for_status=again,
                ) as response:
                    status, content = response.status_code, response.content
                if status != _UNAUTHORIZED:
                    break
            self._remove_key_files()
            if status != _OK:
                raise self.refused(question, status, content)
            return content

    @contextlib.asynccontextmanager
    async def websocket(
        self, question: Question, **parameters: str
    ) -> AsyncIterator[httpx_ws.AsyncWebSocketSession]:
        """Open a websocket to a part of an object; raises as `get`, until it is open."""
        self._check(question)
        api = await self._connected()
        async with api.open_websocket(
            version="",
            base=question.kind.base,
            namespace=question.namespace,
            url=f"{question.kind.plural}/{question.name}/{question.part}",
            params=parameters,
            keepalive_ping_interval_seconds=None,  # whoever asks has a deadline
        ) as websocket:
            yield websocket

    def _check(self, question: Question) -> None:
        """Let nothing into a path that is no name: it may come from a dump."""
        for name in (question.name, question.namespace):
            if name and not _NAME.fullmatch(name):
                raise NotFoundError(f"{name!r} is no name of an object", where=self.where)

    async def close(self) -> None:
        """End the connection."""
        session = getattr(self._api, "_session", None)  # kr8s has no way to close it
        if session is not None:
            await session.aclose()
        self._remove_key_files()

    def refused(self, question: Question, status: int, content: bytes) -> UnreachableError:
        """Return the error that an answer's status means."""
        message = _message(content)
        if status == _UNAUTHORIZED:
            return UnreachableError(
                "the API server does not accept the credentials (401)",
                where=self.where,
                hint="log in again: a token or a certificate may have expired",
            )
        if status == _FORBIDDEN:
            return self._forbidden(question, message)
        what = f"{question.verb} {question.resource} {question.place}"
        if status == _NOT_FOUND:
            name = f" {question.name}" if question.name else ""
            return NotFoundError(
                f"there is no {question.kind.plural}{name} {question.place}", where=self.where
            )
        text = f"{what}: the API server answers {status}{message and ': '}{message}"
        return UnreachableError(text, where=self.where, hint="try again, or ask who runs it")

    def _forbidden(self, question: Question, message: str) -> ForbiddenError:
        found = _USER.search(message)
        user = f"user {found['user']!r}" if found else "this user"
        hint = f"ask for the verb {question.verb} on {question.resource} {question.place}"
        if question.part:
            hint += ", or try --via kubectl, which is content with create"
        return ForbiddenError(
            f"{user} may not {question.verb} {question.resource} {question.place}",
            where=self.where,
            hint=hint,
        )

    async def _connected(self) -> Api:
        """Connect, once; kr8s' own factory would also ask for the version, and warn about it."""
        async with self._connecting:
            if self._api is None:
                import httpx
                from kr8s.asyncio import Api

                config = self.credentials.kubeconfig
                api = Api(
                    kubeconfig=False if config is None else config,
                    serviceaccount=str(kubeconfig.SERVICE_ACCOUNT),
                    bypass_factory=True,
                )
                api.timeout = httpx.Timeout(
                    self.deadline, connect=min(self.deadline, _CONNECT_DEADLINE)
                )
                try:
                    await api.auth
                except OSError as error:
                    raise self._no_plugin(error) from None
                except (ValueError, LookupError, TypeError, RuntimeError) as error:
                    raise self._no_credentials(error) from None
                self._api = api
            return self._api

    def _remove_key_files(self) -> None:
        """Remove what kr8s wrote of keys and certificates; the connection has read it."""
        auth = getattr(self._api, "auth", None)
        for attribute in _KEY_FILES:
            path = getattr(auth, attribute, None)
            if path and str(path) not in self.credentials.files:
                Path(str(path)).unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def _errors(self, question: Question) -> AsyncIterator[None]:
        """Turn errors of the libraries into ours."""
        import httpx
        import kr8s

        try:
            yield
        except kr8s.ServerError as error:
            response = error.response
            status = response.status_code if response is not None else 0
            content = response.content if response is not None else b""
            raise self.refused(question, status, content) from None
        except (kr8s.APITimeoutError, TimeoutError):
            raise self.timed_out() from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self.unreachable(error) from None

    def timed_out(self) -> UnreachableError:
        """Return the error of an API server that does not answer in time."""
        return UnreachableError(
            f"the API server does not answer within {self.deadline:g} seconds",
            where=self.where,
            hint="check the network and the VPN, or give a longer --request-timeout",
        )

    def unreachable(self, error: BaseException) -> UnreachableError:
        """Return the error of an API server that cannot be reached."""
        reason = str(error) or type(error).__name__
        return UnreachableError(
            f"the API server cannot be reached: {reason}",
            where=self.where,
            hint="check the network and the VPN, or choose another --context",
        )

    def _no_plugin(self, error: OSError) -> UnreachableError:
        program = error.filename or "a file"
        return UnreachableError(
            f"the credentials need {program!r}: {error.strerror or error}",
            where=self.where,
            hint=_install_hint(self.credentials) or "install it, or choose another --context",
        )

    def _no_credentials(self, error: Exception) -> UnreachableError:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = lines[-1].strip()
        if isinstance(error, RuntimeError):
            reason = f"the credential plugin failed: {reason}"
        elif isinstance(error, (json.JSONDecodeError, LookupError, TypeError)):
            reason = "the credential plugin printed none"
        return UnreachableError(
            f"the credentials cannot be used: {reason}",
            where=self.where,
            hint="log in again, or choose another --context",
        )


def _message(content: bytes) -> str:
    """Return what an error's body says, on one line."""
    try:
        message = json.loads(content)["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return " ".join(str(message).split())


def _install_hint(credentials: Credentials) -> str:
    try:
        users = (credentials.kubeconfig or {})["users"]
        hint = users[0]["user"]["exec"]["installHint"]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return ""
    return " ".join(str(hint).split())
