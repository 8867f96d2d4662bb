"""What the machine needs before anything runs: the virtual environment, its locked packages, and system libraries.

Everything is stamped, so a second run costs a few stat calls; a lock keeps two runs (a demo and the tests) from making
the same thing at once. System libraries are installed only by root on a machine with apt; anyone else is told what to do.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.dev.console import Trouble, say, step

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "requirements-dev.txt"
# A shared library that must load, and the Debian package that brings it.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def only_one(state: Path, name: str) -> Iterator[None]:
    """Holds STATE/<name>.lock while the block runs; waits for whoever has it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest(*paths: Path) -> str:
    """One hash of the files' contents."""
    found = hashlib.sha256(sys.version.encode())
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()


def run(command: list[str], *, what: str, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    """The output of a command that must succeed. Raises Trouble with the end of what it said."""
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Trouble(f"{what} failed ({' '.join(command[:3])} …):\n{done.stdout[-4000:]}")
    return done.stdout


def ensure_environment(state: Path) -> Path:
    """STATE/venv with exactly the locked packages. Returns its python. Raises Trouble."""
    if sys.version_info < (3, 11):  # noqa: UP036  (an older one may well be the machine's)
        raise Trouble(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Run `make PYTHON=python3.12 …` with a newer one.")
    venv = state / "venv"
    python = venv / "bin" / "python"
    stamp = venv / "made-for"
    wanted = digest(REQUIREMENTS)
    with only_one(state, "setup"):
        if stamp.is_file() and stamp.read_text() == wanted and python.exists():
            return python
        with step("virtual environment"):
            shutil.rmtree(venv, ignore_errors=True)
            _make_venv(venv)
        with step("Python packages (locked, with hashes)"):
            pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "-q"]
            run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(REQUIREMENTS)], what="installing the packages")
        stamp.write_text(wanted)
    return python


def _make_venv(venv: Path) -> None:
    command = [sys.executable, "-m", "venv", str(venv)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return
    shutil.rmtree(venv, ignore_errors=True)
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not _apt_install([package]):
        raise Trouble(f"Python's venv module is missing. Install it: apt-get install {package}")
    run(command, what="making the virtual environment")


def ensure_libraries(python: Path) -> None:
    """The libraries that make PDFs. Raises Trouble, saying what to install."""
    missing = [package for library, package in LIBRARIES.items() if not _loads(python, library)]
    if not missing:
        return
    with step(f"system libraries: {', '.join(missing)}"):
        if not _apt_install(missing):
            raise Trouble(f"Making PDFs needs system libraries. Install them: apt-get install {' '.join(missing)}")


def ensure_browser() -> str:
    """A Chromium for the journeys. Returns its path. Raises Trouble, saying what to install."""
    given = os.environ.get("SAAS_TEST_CHROMIUM")
    if given:
        return given
    found = _browser()
    if found is None:
        with step("Chromium"):
            _apt_install(["chromium"])
        found = _browser()
    if found is None:
        raise Trouble("The browser journeys need Chromium. Install it: apt-get install chromium")
    return found


def _browser() -> str | None:
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def _loads(python: Path, library: str) -> bool:
    code = f"import ctypes; ctypes.CDLL({library!r})"
    return subprocess.run([str(python), "-c", code], stderr=subprocess.DEVNULL).returncode == 0


def _apt_install(packages: list[str]) -> bool:
    """Whether apt installed them. Only root may try."""
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        return False
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": env, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    install = [apt, "install", "-y", "-q", "--no-install-recommends", *packages]
    if subprocess.run(install, **quiet).returncode == 0:  # type: ignore[call-overload]
        return True
    subprocess.run([apt, "update", "-q"], **quiet)  # type: ignore[call-overload]
    done = subprocess.run(install, **quiet)  # type: ignore[call-overload]
    if done.returncode:
        say(done.stdout[-2000:])
    return bool(done.returncode == 0)
