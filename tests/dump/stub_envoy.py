"""An Envoy's admin interface over a recorded dump, as Envoy 1.40 and as Envoy 1.18 answer.

What 1.40 does is held against a real one in `tests/session/test_live.py`. 1.18 knows neither
`name_regex` nor `filter`, has no section of ECDS, shows every section whatever the mask, and names
no endpoints of a cluster without `service_name`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec

from osmscope.errors import RefusedError

Json = dict[str, object]


class Answer(msgspec.Struct, frozen=True):
    data: bytes
    where: str


class StubEnvoy:
    """Answers from the two pages of a folder."""

    def __init__(self, folder: Path, *, is_old: bool = False) -> None:
        self.configs: list[Json] = json.loads((folder / "config_dump.json").read_text())["configs"]
        statuses = json.loads((folder / "clusters.json").read_text())["cluster_statuses"]
        self.statuses: list[Json] = statuses
        self.is_old = is_old
        self.asked: list[tuple[str, Json]] = []
        if is_old:
            self.configs = [
                one for one in self.configs if "EcdsConfigDump" not in str(one["@type"])
            ]
            for entry in self.list_of("dynamic_endpoint_configs"):
                entry["endpoint_config"].pop("cluster_name", None)

    def ask(self, what: str, *flags: str, **parameters: str) -> Answer:
        self.asked.append((what, dict(parameters)))
        answer = self._clusters(parameters) if what == "clusters" else self._dump(flags, parameters)
        return Answer(json.dumps(answer).encode(), f"stub /{what}")

    def list_of(self, field: str) -> list[dict[str, dict[str, object]]]:
        """The entries of one field, to be changed."""
        return [entry for section in self.configs for entry in section.get(field, ())]

    def _clusters(self, parameters: dict[str, str]) -> Json:
        fits = self._filter(parameters.get("filter", ""))
        return {"cluster_statuses": [one for one in self.statuses if fits(str(one["name"]))]}

    def _dump(self, flags: tuple[str, ...], parameters: dict[str, str]) -> Json:
        fits = self._filter(parameters.get("name_regex", ""))
        sections = [
            section
            for section in self.configs
            if "include_eds" in flags or "EndpointsConfigDump" not in str(section["@type"])
        ]
        if "mask" not in parameters:
            return {"configs": sections}
        mask = parameters["mask"].split(",")
        if parameters.get("resource"):
            return self._resource(sections, parameters["resource"], mask, fits)
        masked = [
            {"@type": section["@type"], **_masked(section, mask, fits)}
            for section in sections
            if self.is_old or _knows(str(section["@type"]), mask)
        ]
        if not masked:
            raise RefusedError("the answer is HTTP 400, not 200: FieldMask … could not", status=400)
        return {"configs": masked}

    def _resource(self, sections: list[Json], field: str, mask: list[str], fits: object) -> Json:
        for section in sections:
            if field in section:
                entries = _masked(section, [field], fits)[field]
                return {"configs": [_only(entry, mask) for entry in entries]}
        raise RefusedError("the answer is HTTP 404, not 200: not found in config dump", status=404)

    def _filter(self, pattern: str) -> object:
        if not pattern or self.is_old:
            return lambda name: True
        if len(pattern) > 8000:
            raise RefusedError("the answer is HTTP 400: Error while parsing name_regex", status=400)
        return re.compile(pattern.replace("^(?:", "(?:")).fullmatch


_SECTIONS = (
    ("bootstrap", "BootstrapConfigDump"),
    ("scoped_route_configs", "ScopedRoutesConfigDump"),
    ("clusters", "ClustersConfigDump"),
    ("listeners", "ListenersConfigDump"),
    ("route_configs", "RoutesConfigDump"),
    ("endpoint_configs", "EndpointsConfigDump"),
    ("secrets", "SecretsConfigDump"),
    ("ecds_filters", "EcdsConfigDump"),
)


def _knows(type_url: str, mask: list[str]) -> bool:
    """Whether all of a mask's fields are of a section: 1.40 leaves out the others."""
    fields = [path.partition(".")[0] for path in mask]
    own = next(one for one in fields if one not in ("version_info", "last_updated"))
    return type_url.endswith("." + next(name for end, name in _SECTIONS if own.endswith(end)))


def _masked(section: Json, mask: list[str], fits: object) -> Json:
    kept: Json = {}
    for field, value in section.items():
        paths = [path for path in mask if path.partition(".")[0] == field]
        if not paths:
            continue
        if isinstance(value, list):
            kept[field] = [entry for entry in value if fits(_name(entry))]
        elif paths == [field]:
            kept[field] = value
        else:
            kept[field] = _only(value, [path.partition(".")[2] for path in paths])
    return kept


def _only(value: Json, paths: list[str]) -> Json:
    kept: Json = {}
    for path in paths:
        field, _, rest = path.partition(".")
        if field in value:
            inner = value[field]
            kept[field] = {**kept.get(field, {}), **_only(inner, [rest])} if rest else inner
    return kept


def _name(entry: Json) -> str:
    for value in (entry, *entry.values()):
        if isinstance(value, dict):
            for key in ("name", "cluster_name"):
                if key in value:
                    return str(value[key])
    return ""
