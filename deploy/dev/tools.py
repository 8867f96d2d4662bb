"""Programs that stand beside ours in production and that no index of Python has: Caddy, HAProxy, PgBouncer and promtool, from
Debian's packages.

They are unpacked under STATE for the tests of deploy/, never installed: installing a web server would start it on the
machine's own ports. No root is needed. Where there is no apt, or it reaches nothing, the tests say what was not checked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.dev.console import say, step
from deploy.dev.packages import only_one

# A program with its package and how it says that it runs; the names under which Debian's releases have a library that it may lack.
PROGRAMS = {
    "caddy": ("caddy", "version"), "haproxy": ("haproxy", "-v"), "pgbouncer": ("pgbouncer", "--version"), "promtool": ("prometheus", "--version"),
}  # fmt: skip
LIBRARIES = {
    "libevent-2.1.so": ["libevent-2.1-7t64", "libevent-2.1-7"],
    "libcares.so": ["libcares2", "libc-ares2"],
    "liblua5.3.so": ["liblua5.3-0"],
    "liblua5.4.so": ["liblua5.4-0"],
    "libopentracing-c-wrapper.so": ["libopentracing-c-wrapper0t64", "libopentracing-c-wrapper0"],
    "libopentracing.so": ["libopentracing1"],
}


def ensure_tools(state: Path) -> Path:
    """The folder with those programs that are not on PATH, each once it runs; says which could not be had."""
    folder = state / "tools"
    with only_one(state, "tools"):
        missing = [name for name in PROGRAMS if shutil.which(name) is None and not (folder / "bin" / name).exists()]
        if missing and shutil.which("apt-get") and shutil.which("dpkg-deb"):
            with step(f"servers for the tests of deploy/: {', '.join(missing)}"):
                lists = _fresh_lists(folder)
                missing = [name for name in missing if not _make(name, folder, lists)]
                shutil.rmtree(folder / "apt")
    if missing:
        say(f"  not on this machine: {', '.join(missing)}; the tests of deploy/ that need them will say so")
    return folder / "bin"


def _fresh_lists(folder: Path) -> list[str]:
    """Options for apt-get that keep its lists and packages in our folder."""
    lists, cache = folder / "apt" / "lists", folder / "apt" / "cache"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    (cache / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    options = [f"-oDir::State::lists={lists}", f"-oDir::Cache={cache}", "-oAcquire::http::Timeout=20", "-oAcquire::Retries=2"]
    _quietly(["apt-get", *options, "update", "-q"], cwd=folder)
    return options


def _make(name: str, folder: Path, lists: list[str]) -> bool:
    """Whether `name` runs, from a package unpacked in our folder with the libraries that it lacked."""
    root = folder / name
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    package, version = PROGRAMS[name]
    if not _unpack([package], root, lists):
        return False
    program = next((path for path in root.glob(f"usr/*bin/{name}") if path.is_file()), None)
    if program is None:
        return False
    for _round in range(3):  # what it lacks may lack something too
        for library in _lacking(program, _libraries(root)):
            _unpack(next((packages for prefix, packages in LIBRARIES.items() if library.startswith(prefix)), []), root, lists)
    export = f'export LD_LIBRARY_PATH="{_libraries(root)}"\n' if _libraries(root) else ""
    starter = folder / "bin" / name
    starter.parent.mkdir(exist_ok=True)
    temporary = starter.with_suffix(".new")
    temporary.write_text(f'#!/bin/sh\n{export}exec "{program}" "$@"\n')
    temporary.chmod(0o755)
    if not _quietly([str(temporary), version], cwd=folder):
        temporary.unlink()
        return False
    temporary.rename(starter)
    return True


def _unpack(names: list[str], root: Path, lists: list[str]) -> bool:
    """Whether one of the packages `names` was fetched and unpacked into `root`."""
    for package in names:
        if _quietly(["apt-get", *lists, "download", "-q", package], cwd=root):
            found = next(iter(root.glob(f"{package}_*.deb")), None)
            if found and _quietly(["dpkg-deb", "-x", str(found), str(root)], cwd=root):
                found.unlink()
                return True
    return False


def _libraries(root: Path) -> str:
    """The folders with libraries that were unpacked."""
    return os.pathsep.join(sorted({str(path.parent) for path in root.rglob("lib*.so*")}))


def _lacking(program: Path, libraries: str) -> list[str]:
    """The shared libraries that a program asks for and neither the machine nor those folders have."""
    said = subprocess.run(["ldd", str(program)], capture_output=True, text=True, env={**os.environ, "LD_LIBRARY_PATH": libraries}).stdout
    return sorted(set(re.findall(r"^\s*(\S+) => not found", said, re.MULTILINE)))


def _quietly(command: list[str], *, cwd: Path) -> bool:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
    return done.returncode == 0
