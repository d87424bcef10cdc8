"""What tools wrap around a config dump, taken off: from any accepted text to sections.

Decision: Envoy's own answer, `{"configs": [...]}`, is recognised by its first bytes and costs one
pass over the text. Everything else is recognised by its keys, from the outside in, and brought to
the same form: sections, each a JSON object whose fields are those of Envoy's ConfigDump messages.
"""

import re
from dataclasses import dataclass, field

import msgspec

from osmscope.dump import csds, text
from osmscope.dump.documents import canonical_document
from osmscope.dump.entries import FORMS, KINDS
from osmscope.dump.gaps import Gap
from osmscope.dump.shapes import (
    AMBIGUOUS_ENTRIES,
    ENTRIES,
    RESOURCES,
    resource_of_fields,
    section_of_fields,
    short_type,
)
from osmscope.errors import DumpError, SelectorError

Members = dict[str, msgspec.Raw]

_TYPE_FIRST = re.compile(rb'\{\s*"@type"\s*:\s*"([^"\\]*)"')
_CONFIGS_FIRST = re.compile(rb'\s*\{\s*"configs"\s*:\s*\[')
_OPENS_OBJECT = re.compile(rb"\s*\[\s*(?:\{|\])")
_WRAPPING_DEPTH = 3


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    configs: list[msgspec.Raw]


class Section(msgspec.Struct):
    """One section of a dump, its fields not decoded."""

    type_name: str
    raw: msgspec.Raw
    path: str


@dataclass
class Contents:
    """What a text holds."""

    sections: list[Section] = field(default_factory=list)
    clusters: msgspec.Raw | None = None
    """The answer of /clusters, where the text holds both."""
    node: msgspec.Raw | None = None
    """An object with a member `node`, where the text tells it outside of a bootstrap."""
    gaps: list[Gap] = field(default_factory=list)


def unwrap(data: bytes, *, where: str, select: str = "") -> Contents:
    """Find the sections in any text that holds a config dump.

    Args:
        data: The text, as it was read.
        where: The place it comes from, for errors.
        select: Which dump, "namespace/pod", if a tool put several into one text.

    Raises:
        DumpError: The text is not a config dump.
        SelectorError: It holds several dumps, and `select` fits none or several.
    """
    contents = Contents()
    document = canonical_document(data, where=where, gaps=contents.gaps)
    _Unwrapping(where, select, contents).document(document)
    return contents


class _Unwrapping:
    """One text on its way to sections."""

    def __init__(self, where: str, select: str, contents: Contents) -> None:
        self.where = where
        self.select = select
        self.contents = contents
        self.loose: dict[str, list[msgspec.Raw]] = {}

    def document(self, document: text.Text) -> None:
        """Read the outermost value of the text."""
        if not self._envelope(document):
            if text.opens(document, b"["):
                self._list(document)
            else:
                self._object(document, ())
        for name, entries in self.loose.items():
            body = b'{"%s":[%s]}' % (name.encode(), b",".join(map(bytes, entries)))
            type_name = section_of_fields((name,))
            self.contents.sections.append(Section(type_name, msgspec.Raw(body), ""))

    def _envelope(self, document: text.Text) -> bool:
        """Read Envoy's own answer; tell whether it is one."""
        if _CONFIGS_FIRST.match(document) is None:
            return False
        try:
            configs = msgspec.json.decode(document, type=_Envelope).configs
        except (msgspec.DecodeError, RecursionError):
            return False
        self._configs(configs)
        return True

    def _configs(self, configs: list[msgspec.Raw]) -> None:
        for index, raw in enumerate(configs):
            self._item(raw, f"configs[{index}]")

    def _item(self, raw: msgspec.Raw, path: str) -> None:
        """Read one element of `configs`, or of a bare list: a section, an entry or a resource."""
        start = _TYPE_FIRST.match(raw)
        if start is not None:
            type_name = short_type(start[1].decode())
            if type_name in KINDS or type_name == "BootstrapConfigDump":
                self.contents.sections.append(Section(type_name, raw, path))
                return
        try:
            members = msgspec.json.decode(raw, type=Members)
        except msgspec.ValidationError as error:
            self.contents.gaps.append(Gap(path, f"not an object: {error}"))
            return
        if not self._known(members, raw, path):
            type_url = _text_of(members.get("@type"))
            what = f"section of unknown type {type_url}" if type_url else "section without a type"
            self.contents.gaps.append(Gap(path, what))

    def _known(self, members: Members, raw: msgspec.Raw, path: str) -> bool:
        """Read an object that is a section, an entry or a resource; tell whether it is one."""
        type_url = _text_of(members.get("@type"))
        type_name = short_type(type_url)
        if type_name in ENTRIES:
            if type_name in AMBIGUOUS_ENTRIES and ENTRIES[type_name] not in self.loose:
                what = "entries that do not tell active from warming: taken as active"
                self.contents.gaps.append(Gap(path, what))
            self.loose.setdefault(ENTRIES[type_name], []).append(raw)
            return True
        if type_name in KINDS or type_name == "BootstrapConfigDump":
            self.contents.sections.append(Section(type_name, raw, path))
            return True
        if type_name in RESOURCES:
            self._resource(type_name, raw)
            return True
        if type_url:
            return False
        section = section_of_fields(members)
        if section:
            self.contents.sections.append(Section(section, raw, path))
            return True
        resource = resource_of_fields(members)
        if resource:
            self._resource(resource, raw)
        return bool(resource)

    def _resource(self, type_name: str, raw: msgspec.Raw) -> None:
        name = RESOURCES[type_name]
        body = bytes(raw)
        if name == "dynamic_listeners":
            entry = b'{"active_state":{"listener":%s}}' % body
        elif name == "dynamic_scoped_route_configs":
            entry = b'{"scoped_route_configs":[%s]}' % body
        else:
            entry = b'{"%s":%s}' % (FORMS[name].body.encode(), body)
        if name not in self.loose:
            what = f"bare {type_name} resources, without their states: taken as active"
            self.contents.gaps.append(Gap(name, what))
        self.loose.setdefault(name, []).append(msgspec.Raw(entry))

    def _list(self, document: text.Text) -> None:
        """Read a bare list: sections, or resources of one kind as istioctl prints them."""
        if _OPENS_OBJECT.match(document) is None:
            raise self._refused("a JSON list, but not of Envoy's sections or resources")
        items = text.decode(document, list[msgspec.Raw], where=self.where)
        known = 0
        for index, raw in enumerate(items):
            members = text.decode(raw, Members, where=self.where)
            if "host_statuses" in members:
                raise text.clusters_instead(where=self.where)
            path = f"[{index}]"
            if self._known(members, raw, path):
                known += 1
            elif self.loose and "name" in members and "@type" not in members:
                # A resource with nothing but a name is of the kind of its neighbours.
                kind = next(iter(self.loose))
                self._resource(next(t for t, name in RESOURCES.items() if name == kind), raw)
            else:
                self.contents.gaps.append(Gap(path, "an object of unknown type"))
        if not known:
            raise self._refused("a JSON list without any of Envoy's sections or resources")

    def _object(self, document: text.Text, parents: tuple[str, ...]) -> None:
        members = text.decode(document, Members, where=self.where)
        if not self._wrapped(members, document) and not self._nested(members, parents):
            raise self._unknown(members)

    def _wrapped(self, members: Members, document: text.Text) -> bool:
        """Read an object that is known by its keys; tell whether it is."""
        if "configs" in members:
            self._configs(text.decode(members["configs"], list[msgspec.Raw], where=self.where))
            self._neighbours(members, "configs")
        elif "config_dump" in members:
            self.contents.clusters = members.get("clusters")
            self._object(members["config_dump"], ())
        elif "generic_xds_configs" in members or "xds_config" in members:
            self._client_config(members, document)
        elif "config" in members and _OPENS_OBJECT.match(members["config"]):
            clients = text.decode(members["config"], list[msgspec.Raw], where=self.where)
            named = {str(index): raw for index, raw in enumerate(clients)}
            client = named[self._chosen(sorted(named))]
            self._client_config(text.decode(client, Members, where=self.where), client)
        elif "resources" in members and {"version_info", "type_url"} & members.keys():
            self._list(members["resources"])
        elif {"static_resources", "dynamic_resources"} & members.keys():
            bootstrap = msgspec.Raw(b'{"bootstrap":%s}' % bytes(document))
            self.contents.sections.append(Section("BootstrapConfigDump", bootstrap, ""))
        else:
            return self._known(members, msgspec.Raw(memoryview(document)), "")
        return True

    def _neighbours(self, members: Members, known: str) -> None:
        for key in members:
            if key not in (known, "@type"):
                self.contents.gaps.append(Gap(key, f"a field next to {known} that is not known"))

    def _client_config(self, members: Members, document: text.Text) -> None:
        gaps = self.contents.gaps
        if "node" in members:
            self.contents.node = msgspec.Raw(b'{"node":%s}' % bytes(members["node"]))
        fields = csds.sections_of_client_config(document, where=self.where, gaps=gaps)
        for name, entries in fields.items():
            self.loose.setdefault(name, []).extend(entries)

    def _nested(self, members: Members, parents: tuple[str, ...]) -> bool:
        """Read a dump that stands within objects, as egctl's {namespace: {pod: dump}}."""
        found = dict(_dumps_within(members, parents))
        if not found:
            return False
        chosen = self._chosen(["/".join(path) for path in found])
        self._object(next(raw for path, raw in found.items() if "/".join(path) == chosen), ())
        return True

    def _chosen(self, names: list[str]) -> str:
        fitting = [
            name for name in names if name == self.select or name.endswith("/" + self.select)
        ]
        fitting = fitting if self.select else names
        if len(fitting) == 1:
            return fitting[0]
        what = f"fits {len(fitting)} of the dumps" if self.select else "holds several dumps"
        subject = f"{self.select!r} " if self.select else "the file "
        raise SelectorError(
            subject + what,
            where=self.where,
            hint="name one of them after a '#': " + ", ".join(sorted(names)[:20]),
        )

    def _unknown(self, members: Members) -> DumpError:
        if "cluster_statuses" in members:
            return text.clusters_instead(where=self.where)
        if {"workloads", "services"} <= members.keys():
            return DumpError(
                "this is a dump of ztunnel, not of an Envoy",
                where=self.where,
                hint="ztunnel has no Envoy configuration; give the dump of a sidecar or a waypoint",
            )
        if _text_of(members.get("kind")) == "Status":
            message = text.shown(_text_of(members.get("message")).encode(), 200)
            return self._refused(f"an error of Kubernetes: {message}")
        names = [text.shown(key.encode(), 20) for key in list(members)[:5]]
        keys = "its keys are " + ", ".join(names) if names else "an empty object"
        return self._refused(f"JSON, but not a config dump: {keys}")

    def _refused(self, message: str) -> DumpError:
        return DumpError(message, where=self.where, hint=text.EXPECTED)


def _dumps_within(
    members: Members, parents: tuple[str, ...]
) -> list[tuple[tuple[str, ...], msgspec.Raw]]:
    found = []
    for key, raw in members.items():
        if not text.opens(raw, b"{"):
            continue
        inner = msgspec.json.decode(raw, type=Members)
        path = (*parents, key)
        if "configs" in inner:
            found.append((path, raw))
        elif len(path) < _WRAPPING_DEPTH:
            found += _dumps_within(inner, path)
    return found


def _text_of(raw: msgspec.Raw | None) -> str:
    """The string that a member holds; "" where it holds none."""
    if raw is None or not text.opens(raw, b'"'):
        return ""
    return msgspec.json.decode(raw, type=str)
