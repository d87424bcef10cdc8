"""The search for a witness: proposals, each put to the tracer.

Decision: first the connections are tried, then, over those that get to the route table, requests;
so an unfit connection costs one evaluation and not hundreds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from osmscope.errors import OsmscopeError
from osmscope.resources.rbac import HttpRbac, HttpRbacPerRoute, NetworkRbac
from osmscope.resources.resource import Resource
from osmscope.resources.route import PerFilterConfig, RouteConfiguration
from osmscope.rules.per_filter_config import resolve
from osmscope.trace.answer import Answer
from osmscope.trace.batch import qualified
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Inference
from osmscope.trace.path import Evaluation
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer
from osmscope.trace.witness.clients import clients_of
from osmscope.trace.witness.connections import connections_into
from osmscope.trace.witness.endings import ending, grade, whereabouts
from osmscope.trace.witness.fields import Fields, merged, nearest_first, request_of
from osmscope.trace.witness.goals import Goal, reached
from osmscope.trace.witness.places import Entrance, Places, RoutePlace
from osmscope.trace.witness.requests import hash_variants, hosts_of, requests_of
from osmscope.trace.witness.unreachable import why_unreachable

_replace = msgspec.structs.replace

_MOST = 600
"""How many requests are evaluated at most for one goal."""
_MOST_OF_A_PLACE = 240
_MOST_AFTER_ONE = 60
"""How many more, once one is found that is refused further on."""
_MOST_ENTRANCES = 8
_MOST_CONNECTIONS = 8
"""How many are proposed for one chain, where there are several chains."""
_MOST_PLACES = 8
_MOST_CLIENTS = 12
_KEPT = 6
"""How many connections that get to the route table are gone on with."""
_A_CLIENT = "198.51.100.99"
_ELSEWHERE = 3


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """A request that reaches what was asked for: the tracer says so."""

    request: TraceRequest
    """As a user would give it: what is looked up is left open."""
    completed: TraceRequest
    answer: Answer
    ends: str = ""
    """Why it goes no further than that, as a clause; "" where nothing holds it up."""
    tried: int = 1


class NoWitness(msgspec.Struct, frozen=True, kw_only=True):
    """That there is none, or that none was found."""

    reason: str
    proven: bool
    """Whether none can reach it; else none was found."""
    tried: int = 0


GoesPast = Callable[[TraceRequest, Inference], str]


class Witnesses:
    """Finds witnesses within one sidecar.

    Args:
        tracer: What says where a request goes.
        completion: What fills in what a request leaves open.
        goes_past: Says why a completed request is not led to the sidecar; "" where it may be.
    """

    def __init__(
        self, tracer: Tracer, completion: Completion, goes_past: GoesPast = lambda _, __: ""
    ) -> None:
        self._tracer = tracer
        self._completion = completion
        self._goes_past = goes_past
        self.places = Places(tracer.sidecar)

    def find(self, goal: Goal) -> Witness | NoWitness:
        """Find a request that reaches a resource, or say why there is none.

        Raises:
            DumpError: A resource cannot be read.
        """
        reason = why_unreachable(goal, self.places)
        if reason:
            return NoWitness(reason=reason, proven=True)
        return self.search(goal)

    def search(self, goal: Goal) -> Witness | NoWitness:
        """Try requests, without asking first whether there can be one."""
        trial = _Trial(goal, self._tracer, self._completion, self._goes_past)
        for fields in self._proposals(goal, trial):
            if trial.is_over:
                break
            trial.put(fields)
        return trial.result()

    def _proposals(self, goal: Goal, trial: _Trial) -> Iterator[Fields]:
        if goal.entrance is not None:
            yield from self._into(goal.entrance)
        elif goal.listener is not None:
            own = [one for one in self.places.entrances if one.listener is goal.listener]
            for entrance in own[:_MOST_ENTRANCES]:
                yield from self._into(entrance)
        elif goal.route is not None:
            yield from self._over(goal.route, trial)
        elif goal.table is not None:
            yield from self._to_table(goal, goal.table, trial)
        else:
            yield from self._to_cluster(goal, trial)

    def _to_table(self, goal: Goal, table: RouteConfiguration, trial: _Trial) -> Iterator[Fields]:
        wanted = goal.virtual_host
        own = [
            place
            for place in self.places.routes
            if place.table is table and (wanted is None or place.virtual_host is wanted)
        ]
        for place in own[:_MOST_PLACES]:
            yield from self._over(place, trial)
        hosts = list(hosts_of(table, wanted)) or [{}]
        for entrance in self.places.entrances_of(table)[:_MOST_ENTRANCES]:
            connections = list(connections_into(entrance, self.places))
            yield from nearest_first(connections, hosts, most=_MOST_OF_A_PLACE)

    def _to_cluster(self, goal: Goal, trial: _Trial) -> Iterator[Fields]:
        named = self.places.routes_to(goal.cluster)[:_MOST_PLACES]
        for place in named:
            yield from self._over(place, trial)
        for entrance in self.places.chains_to(goal.cluster)[:_MOST_ENTRANCES]:
            yield from self._into(entrance)
        for place in self.places.open_routes[:_MOST_PLACES]:
            action = place.route.route
            header = action.cluster_header if action is not None else ""
            also: Fields = {"headers": {header.lower(): goal.cluster}} if header else {}
            yield from (merged(fields, also) for fields in self._over(place, trial))

    def _into(self, entrance: Entrance) -> Iterator[Fields]:
        """Yield connections into a chain, with a request where it speaks HTTP."""
        connections = list(connections_into(entrance, self.places))
        clients = list(islice(self._clients([entrance]), _MOST_CLIENTS)) or [{}]
        requests: list[Fields] = [{}]
        if entrance.manager is not None:
            requests = [{"host": "witness.example"}]
        if entrance.table is not None:
            own = [one for one in self.places.routes if one.table is entrance.table]
            some = [one for one in own if one.route.route is not None] or own
            for place in some[:_MOST_PLACES]:
                host = next(hosts_of(place.table, place.virtual_host), {})
                requests[:0] = [merged(host, *requests_of(place)[:1])]
        yield from nearest_first(connections, requests, clients, most=_MOST_OF_A_PLACE)

    def _over(self, place: RoutePlace, trial: _Trial) -> Iterator[Fields]:
        """Yield requests that a route may take, over the connections that get to its table."""
        hosts = list(hosts_of(place.table, place.virtual_host)) or [{}]
        requests = requests_of(place) or [{}]
        entrances = self.places.entrances_of(place.table)[:_MOST_ENTRANCES]
        clients = list(islice(self._clients(entrances, place), _MOST_CLIENTS)) or [{}]
        connections = [*self._inferred(entrances)]
        for entrance in entrances:
            connections += islice(connections_into(entrance, self.places), _MOST_CONNECTIONS)
        kept: list[Fields] = []
        table = Goal(kind="route_config", name=place.table.name, table=place.table)
        for fields in nearest_first(connections, clients, most=_MOST_OF_A_PLACE):
            proposal = merged(hosts[0], fields, requests[0])
            yield proposal
            if trial.gets_to(table):
                kept.append(fields)
            if len(kept) >= _KEPT:
                break
        variants = self._variants(trial.goal, place)
        yield from nearest_first(kept, hosts, requests, variants, most=_MOST_OF_A_PLACE)
        yield from nearest_first(kept, requests, clients, hosts, most=_MOST_OF_A_PLACE)

    def _variants(self, goal: Goal, place: RoutePlace) -> list[Fields]:
        return list(hash_variants(place.route)) if goal.address else [{}]

    def _inferred(self, entrances: list[Entrance]) -> Iterator[Fields]:
        """Yield connections that say nothing: a user's first request."""
        directions = {entrance.listener.traffic_direction for entrance in entrances}
        for inbound in (False, True):
            if (inbound and "INBOUND" in directions) or (not inbound and directions - {"INBOUND"}):
                start: Fields = {"direction": "inbound"} if inbound else {}
                yield start
                yield {**start, "src_ip": _A_CLIENT}

    def _clients(
        self, entrances: list[Entrance], place: RoutePlace | None = None
    ) -> Iterator[Fields]:
        """Yield nobody in particular, then what the RBAC filters on the way speak of."""
        yield {}
        levels: tuple[PerFilterConfig, ...] = ()
        if place is not None:
            holders = (place.route, place.virtual_host, place.table)
            levels = tuple(holder.typed_per_filter_config for holder in holders)
        configs: dict[int, HttpRbac | NetworkRbac] = {}
        for entrance in entrances:
            for config in (*entrance.filters, *self._http_configs(entrance, levels)):
                rbac = config.rbac if isinstance(config, HttpRbacPerRoute) else config
                if isinstance(rbac, HttpRbac | NetworkRbac):
                    configs[id(rbac)] = rbac
        for one in configs.values():
            yield from clients_of(one)

    def _http_configs(
        self, entrance: Entrance, levels: tuple[PerFilterConfig, ...]
    ) -> Iterator[Resource]:
        """Yield the configurations that a chain's HTTP filters have for a route."""
        if entrance.manager is None:
            return
        for stage in self._tracer.sidecar.http_stages(entrance.manager.http_filters):
            yield resolve(stage.filter, stage.config, levels).config


class _Trial:
    """The requests that were put to the tracer for one goal, and what is best so far."""

    def __init__(
        self, goal: Goal, tracer: Tracer, completion: Completion, goes_past: GoesPast
    ) -> None:
        self.goal = goal
        self._goes_past = goes_past
        self._tracer = tracer
        self._completion = completion
        self._seen: dict[bytes, Evaluation | None] = {}
        self._last: Evaluation | None = None
        self._best: tuple[int, Witness] | None = None
        self._left = _MOST
        self._elsewhere: Counter[str] = Counter()

    @property
    def is_over(self) -> bool:
        """Whether nothing better can be found, or enough was tried."""
        return self._left <= 0 or (self._best is not None and self._best[0] == 2)

    def gets_to(self, goal: Goal) -> bool:
        """Whether the last request reached something else."""
        return self._last is not None and reached(goal, self._last)[0]

    def put(self, fields: Fields) -> None:
        """Put a request to the tracer."""
        asked = request_of(fields)
        key = msgspec.msgpack.encode(asked)
        if key in self._seen:
            self._last = self._seen[key]
            return
        self._last = self._seen[key] = None
        self._left -= 1
        try:
            self._evaluate(asked)
        except OsmscopeError as error:
            self._elsewhere[error.message] += 1
        self._seen[key] = self._last

    def _evaluate(self, asked: TraceRequest) -> None:
        completed, found = self._completion.complete(asked)
        if found.candidates or found.host:
            return  # which of several is meant, only the user knows
        why = self._goes_past(completed, found)
        if why:
            self._elsewhere[f"it goes past the sidecar: {why}"] += 1
            return
        if asked.dst_port is None and asked.host is not None:
            asked = _replace(asked, dst_port=completed.dst_port)
        evaluation = self._last = self._tracer.evaluate(completed)
        is_reached, ways = reached(self.goal, evaluation)
        if not is_reached:
            self._elsewhere[whereabouts(self.goal, evaluation)] += 1
            return
        rank = grade(evaluation, ways)
        if self._best is not None and self._best[0] >= rank:
            return
        witness = Witness(
            request=asked,
            completed=completed,
            answer=qualified(self._tracer.answer(completed), found),
            ends="" if rank == 2 else ending(evaluation, ways),
        )
        if self._best is None:
            self._left = min(self._left, _MOST_AFTER_ONE)
        self._best = rank, witness

    def result(self) -> Witness | NoWitness:
        """Return what came of it."""
        tried = len(self._seen)
        if self._best is not None:
            return _replace(self._best[1], tried=tried)
        if not tried:
            reason = "none found: nothing names it, though a header or an extension may lead to it"
            return NoWitness(reason=reason, proven=False)
        places = [words for words, _ in self._elsewhere.most_common(_ELSEWHERE)]
        counted = "1 request was tried" if tried == 1 else f"{tried} requests were tried"
        reason = f"none found: {counted}"
        if places:
            reason += f"; {'; '.join(places)}"
        return NoWitness(reason=reason, proven=False, tried=tried)
