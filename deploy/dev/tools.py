"""Programs that stand beside ours in production and that no index of Python has: Caddy, HAProxy, PgBouncer and promtool, from
Debian's packages.

They are unpacked under STATE for the tests of deploy/, never installed: installing a web server would start it on the
machine's own ports. Where there is no apt, or it reaches nothing, the tests say what was not checked.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.dev import unpacked
from deploy.dev.console import say, step
from deploy.dev.packages import only_one

# A program, its package, and how it says that it runs.
PROGRAMS = {
    "caddy": ("caddy", "version"), "haproxy": ("haproxy", "-v"), "pgbouncer": ("pgbouncer", "--version"), "promtool": ("prometheus", "--version"),
}  # fmt: skip


def ensure_tools(state: Path) -> Path:
    """The folder with those programs that are not on PATH, each once it runs; says which could not be had."""
    folder = state / "tools"
    with only_one(state, "tools"):
        missing = [name for name in PROGRAMS if shutil.which(name) is None and not (folder / "bin" / name).exists()]
        if missing:
            with step(f"servers for the tests of deploy/: {', '.join(missing)}"):
                missing = [name for name in missing if not _make(name, folder, state)]
    if missing:
        say(f"  not on this machine: {', '.join(missing)}; the tests of deploy/ that need them will say so")
    return folder / "bin"


def _make(name: str, folder: Path, state: Path) -> bool:
    """Whether `name` runs, from its package unpacked in our folder."""
    package, version = PROGRAMS[name]
    root = folder / name
    if not unpacked.unpack([package], root, state=state):
        return False
    program = next((path for path in root.glob(f"usr/*bin/{name}") if path.is_file()), None)
    return program is not None and unpacked.starter(program, folder / "bin" / name, root=root, asks=[version])
