"""System checks of the machine: the libraries and fonts that PDF documents need.

They look with the system's loader and never import WeasyPrint, which is slow and raises where Pango is missing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from saas.lib.pdf import FONTS

# Names under Linux and macOS, as WeasyPrint tries them.
PANGO = ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "libpangoft2-1.0-0")
HARFBUZZ_SUBSET = ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib", "libharfbuzz-subset-0")


@register("pdf")
def check_pdf(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Whether this machine can make PDF documents, and quickly."""
    found: list[CheckMessage] = []
    if not loads(PANGO):
        found.append(
            Error(
                "Pango is not installed: no PDF document can be made.",
                hint="Debian or Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0. macOS: brew install pango.",
                id="lib.E001",
            )
        )
    elif not loads(HARFBUZZ_SUBSET):
        found.append(
            Warning(
                "libharfbuzz-subset is not installed: every PDF document takes about five times as long.",
                hint="Debian or Ubuntu: apt install libharfbuzz-subset0. macOS: brew install harfbuzz.",
                id="lib.W001",
            )
        )
    missing = [name for name in FONTS if not (Path(settings.PDF_FONTS_DIR) / name).is_file()]
    if missing:
        found.append(
            Error(
                f"The fonts of the PDF documents are missing: {', '.join(missing)}.",
                hint="They are made at set-up in SAAS_ASSETS_DIR/fonts: run `make demo` or the set-up of deploy/.",
                id="lib.E002",
            )
        )
    return found


def loads(names: Sequence[str]) -> bool:
    """Whether the system's loader finds a library under one of its names."""
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False
