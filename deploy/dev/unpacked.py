"""Debian's packages without installing them: fetched by apt with all that they need and the machine lacks, and unpacked under STATE.

Nobody needs to be root for it, nothing on the machine changes, and no server is started by being installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from xml.sax.saxutils import escape

FONTS = "fonts.conf"
LISTS_LAST = 24 * 3600  # seconds; apt's lists are asked for anew after a day


def unpack(packages: list[str], root: Path, *, state: Path) -> bool:
    """Whether `packages` lie unpacked in `root`, with what they need and this machine lacks. False where apt is not, or finds nothing."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return False
    shutil.rmtree(root, ignore_errors=True)
    cache = root / "apt"
    (cache / "archives" / "partial").mkdir(parents=True)
    # Debug::NoLocking: the machine's own lock of dpkg is not ours to take, and nothing of dpkg's is written.
    apt = ["apt-get", *_lists(state), f"-oDir::Cache={cache}", "-oDebug::NoLocking=true", "-q", "-y", "--no-install-recommends"]
    try:
        if not _quietly([*apt, "install", "--download-only", *packages], cwd=root):
            return False
        if not all(_quietly(["dpkg-deb", "-x", str(deb), str(root)], cwd=root) for deb in sorted(cache.glob("archives/*.deb"))):
            return False
    finally:
        shutil.rmtree(cache)
    if (root / "etc" / "fonts").exists():  # the machine has no configuration of fonts: without any, no text is drawn
        folder = escape(str(root))
        (root / FONTS).write_text(f"<fontconfig><dir>{folder}/usr/share/fonts</dir><cachedir>{folder}/font-cache</cachedir></fontconfig>\n")
    return True


def environment(root: Path) -> dict[str, str]:
    """The variables by which programs find the libraries, and the fonts' configuration, that were unpacked in `root`."""
    folders = sorted({str(path.parent) for path in root.rglob("lib*.so*")})
    before = os.environ.get("LD_LIBRARY_PATH")
    found = {"LD_LIBRARY_PATH": os.pathsep.join([*folders, *([before] if before else [])])} if folders else {}
    return found | ({"FONTCONFIG_FILE": str(root / FONTS)} if (root / FONTS).exists() else {})


def starter(program: Path, place: Path, *, root: Path, asks: list[str]) -> bool:
    """Write at `place` a command that runs an unpacked program with its libraries. Returns whether it answers to `asks` (its
    version, say); if not, nothing is left there."""
    exports = "".join(f'export {name}="{value}"\n' for name, value in environment(root).items())
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_suffix(".new")
    temporary.write_text(f'#!/bin/sh\n{exports}exec "{program}" "$@"\n')
    temporary.chmod(0o755)
    if not _quietly([str(temporary), *asks], cwd=root):
        temporary.unlink()
        return False
    temporary.rename(place)
    return True


def _lists(state: Path) -> list[str]:
    """Options for apt-get that keep its lists in our folder, which are brought up to date if they are old."""
    lists = state / "apt-lists"
    options = [f"-oDir::State::lists={lists}", "-oAcquire::http::Timeout=20", "-oAcquire::Retries=2"]
    fresh = lists / "fresh"
    if not fresh.exists() or time.time() - fresh.stat().st_mtime > LISTS_LAST:
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        if _quietly(["apt-get", *options, f"-oDir::Cache={lists}", "-q", "update"], cwd=lists):
            fresh.touch()
    return options


def _quietly(command: list[str], *, cwd: Path) -> bool:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
    return done.returncode == 0
