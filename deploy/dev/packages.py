"""What the machine needs before anything runs: the virtual environment, its locked packages, and system libraries.

Everything is stamped, so a second run costs a few stat calls; a lock keeps two runs (a demo and the tests) from making
the same thing at once. Root installs Debian's packages; for anyone else they are unpacked under STATE. Where neither can be
done, people are told what to install.
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

from deploy.dev import unpacked
from deploy.dev.console import Trouble, say, step

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "requirements-dev.txt"
# A shared library that must load, and the Debian package that brings it: those that make PDFs, and one that Playwright's own
# Node.js asks for.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
    "libatomic.so.1": "libatomic1",
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
            _make_venv(venv, state)
        with step("Python packages (locked, with hashes)"):
            pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "-q"]
            run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(REQUIREMENTS)], what="installing the packages")
        stamp.write_text(wanted)
    return python


def _make_venv(venv: Path, state: Path) -> None:
    command = [sys.executable, "-m", "venv", str(venv)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return
    shutil.rmtree(venv, ignore_errors=True)
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if _apt_install([package]):
        run(command, what="making the virtual environment")
        return
    # Debian keeps pip's own wheel in what the package needs: pip installs itself from there.
    root = state / "libraries" / "venv"
    wheel = next(root.glob("usr/share/python-wheels/pip-*.whl"), None) if unpacked.unpack([package], root, state=state) else None
    if wheel is None:
        raise Trouble(f"Python's venv module is missing. Install it: apt-get install {package}")
    run([*command, "--without-pip"], what="making the virtual environment")
    pip = [str(venv / "bin" / "python"), f"{wheel}/pip", "install", "-q", "--no-index", str(wheel)]
    run(pip, what="putting pip into the virtual environment")


def ensure_libraries(state: Path, python: Path) -> None:
    """The system's libraries, for this process and those that it starts. Raises Trouble, saying what to install."""
    root = state / "libraries" / "shared"
    with only_one(state, "setup"):
        os.environ.update(unpacked.environment(root))
        missing = [package for library, package in LIBRARIES.items() if not _loads(python, library)]
        if not missing:
            return
        with step(f"system libraries: {', '.join(missing)}"):
            if not _apt_install(missing) and unpacked.unpack(missing, root, state=state):
                os.environ.update(unpacked.environment(root))
            if not all(_loads(python, library) for library in LIBRARIES):
                raise Trouble(f"Libraries of the system are missing. Install them: apt-get install {' '.join(missing)}")


def ensure_browser(state: Path) -> str:
    """A Chromium for the journeys. Returns its path. Raises Trouble, saying what to install."""
    given = os.environ.get("SAAS_TEST_CHROMIUM")
    if given:
        return given
    root, own = state / "libraries" / "browser", state / "libraries" / "bin" / "chromium"
    with only_one(state, "setup"):
        if _browser() is None and not own.exists():
            with step("Chromium"):
                if not _apt_install(["chromium"]) and unpacked.unpack(["chromium"], root, state=state):
                    unpacked.starter(root / "usr" / "lib" / "chromium" / "chromium", own, root=root, asks=["--version"])
    found = _browser() or (str(own) if own.exists() else None)
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
