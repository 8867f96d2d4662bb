"""The disk of the papers: a small filesystem of its own that is filled to its last byte, and emptied again.

Mounting one needs a mount namespace of our own (`unshare`): root has it, and so has whoever may make user namespaces. It is gone
with the process that asked for it. Where neither is allowed the folder of the files is taken away instead, and the report says so.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

SIZE = "48m"
_OURS = "CHAOS_OWN_MOUNTS"
_MOUNT = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs"]


def in_own_mounts() -> None:
    """Begin this very command again where it may mount what nobody else sees. Returns where that is not allowed, and the second time."""
    if os.environ.get(_OURS) or not shutil.which("unshare"):
        return
    for alone in (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]):
        with tempfile.TemporaryDirectory() as folder:
            tried = subprocess.run([*alone, *_MOUNT, folder], capture_output=True)
        if tried.returncode == 0:
            os.environ[_OURS] = "1"
            os.execvp(alone[0], [*alone, sys.executable, "-m", "tests.chaos", *sys.argv[1:]])  # noqa: S606  (ourselves)


class Disk:
    """The disk under `folder`, which does not exist yet. `fill()` and `free()` it; `close()` leaves the folder as an empty one."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._filler = folder, folder / "filler"
        folder.mkdir(parents=True)
        self.mounted = bool(os.environ.get(_OURS))
        if self.mounted:
            subprocess.run([*_MOUNT, str(folder)], check=True)
            return
        self._behind = folder.with_name(f"{folder.name}.behind")
        folder.rename(self._behind)
        self._point(self._behind)

    @property
    def how(self) -> str:
        """What `fill()` does, for the report."""
        return f"full: no byte left of {SIZE}" if self.mounted else "taken away, for want of a filesystem of our own"

    def fill(self) -> None:
        """From now on nothing can be written."""
        if not self.mounted:
            self._point(Path(os.devnull))
            return
        with self._filler.open("ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"\0" * 65536)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def free(self) -> None:
        """Again something can."""
        if self.mounted:
            self._filler.unlink(missing_ok=True)
        else:
            self._point(self._behind)

    def close(self) -> None:
        """Put it away. The files on it are gone."""
        if self.mounted:
            with suppress(subprocess.CalledProcessError):  # somebody still reads there: it ends with us
                subprocess.run(["umount", "--lazy", str(self._folder)], check=True, capture_output=True)

    def _point(self, target: Path) -> None:
        fresh = self._folder.with_name("files.fresh")
        fresh.symlink_to(target)
        fresh.replace(self._folder)
