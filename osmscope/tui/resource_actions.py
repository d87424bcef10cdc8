"""What can be done with the resource under the cursor: copied, paged, read again, asked."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile

from textual.app import SuspendNotSupported

from osmscope.report import documents
from osmscope.report.untrusted import escaped
from osmscope.tui.witnessing import Witnessing

_COMMANDS = {
    "listener": "listeners", "filter_chain": "chains", "filter": "filters", "rbac": "rbac",
    "route_config": "tables", "virtual_host": "virtual-hosts", "route": "routes",
    "cluster": "clusters", "endpoint": "endpoints", "secret": "secrets",
}  # fmt: skip
"""Kind → what `osmscope get` calls it."""


class ResourceActions(Witnessing):
    """Acts on the resource under the cursor."""

    def action_refresh(self) -> None:
        """Read the sidecar again."""
        self.scope.read(self.location.member)

    def action_copy_name(self) -> None:
        """Copy the name of the resource."""
        ref, inventory = self.ref(), self.scope.inventory(self.location.member)
        if ref is not None and inventory is not None:
            self.scope.copy(escaped(inventory.title(ref)))

    def action_copy_json(self) -> None:
        """Copy the resource as JSON."""
        text = self._json()
        if text:
            self.scope.copy(text)

    def action_copy_command(self) -> None:
        """Copy the command that lists the same in a shell."""
        ref, inventory = self.ref(), self.scope.inventory(self.location.member)
        kind = _COMMANDS.get(self.location.kind or (ref.kind if ref is not None else ""), "")
        if not kind:
            return
        row = inventory.row(ref) if ref is not None and inventory is not None else None
        names = [row.names[0]] if row is not None and row.names[0] else []
        self.scope.copy(self.scope.command(f"get {kind}", self.location.member, *names))

    def action_open_pager(self) -> None:
        """Open the resource's JSON in $PAGER."""
        text = self._json()
        if not text:
            return
        pager = shlex.split(os.environ.get("PAGER") or "less")
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            try:
                with self.app.suspend():
                    subprocess.run([*pager, file.name], check=False)
            except SuspendNotSupported:
                self.notify("there is no pager in a browser", severity="warning")
            except OSError as error:
                reason = error.strerror or str(error)
                self.notify(f"$PAGER cannot be started: {reason}", severity="error")
        self.app.refresh()

    def action_query(self) -> None:
        """Ask the dump a JMESPath question."""
        from osmscope.tui.query_screen import QueryScreen

        self.app.push_screen(QueryScreen(self.scope.mesh.members[self.location.member]))

    def _json(self) -> str:
        ref, inventory = self.ref(), self.scope.inventory(self.location.member)
        body = inventory.body(ref) if ref is not None and inventory is not None else b""
        if not body:
            self.notify("the dump holds no JSON of this", severity="warning")
            return ""
        return documents.as_json(documents.parsed(body))
