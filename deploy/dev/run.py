"""The launcher: `python -m deploy.dev.run VERB`, behind every target of the Makefile. Standard library only.

Verbs: demo, test, check, bench, chaos, shots, lock, clean. STATE (.local) and PORT (8000) come from the environment; everything
that is made stays under STATE, but for what Python compiles of the tests.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.dev import assets, demo_run, packages, servers, tools
from deploy.dev.console import Trouble, say, step
from deploy.dev.processes import Processes
from deploy.dev.variables import clean_environment, demo_environment

ROOT = packages.ROOT
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # a test's database is thrown away


def main(verb: str, extra: list[str]) -> int:
    """Run a verb. Returns the exit code."""
    state = Path(os.environ.get("STATE") or ROOT / ".local").expanduser().resolve()
    verbs = {"demo": demo, "test": test, "check": check, "bench": bench, "chaos": chaos, "shots": shots, "lock": lock, "clean": clean}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that put us in the background made us deaf to it
    try:
        return verbs[verb](state, extra)
    except Trouble as trouble:
        say(f"\n✗ {trouble}")
        return trouble.code
    except KeyboardInterrupt:
        return 130


def demo(state: Path, extra: list[str]) -> int:
    """Everything a person needs to try the product in a browser. Runs until Ctrl-C."""
    try:
        port = int(os.environ.get("PORT") or 8000)
    except ValueError:
        raise Trouble("PORT must be a number, like PORT=9000", code=2) from None
    for wanted in (port, port + 1):
        if servers.answers(wanted):
            raise Trouble(f"Port {wanted} is taken. Stop what uses it, or run `make demo PORT=9000` (it uses that port and the next).", code=2)
    state.mkdir(parents=True, exist_ok=True)
    with (state / "demo.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(f"A demo is already running in {state}. Stop it, or run `make demo STATE=/another/folder PORT=9000`.", code=2) from None
        python = packages.ensure_environment(state)
        packages.ensure_libraries(state, python)
        try:
            return demo_run.serve(state, port, python, assets.ensure_assets(state, python))
        except (KeyboardInterrupt, SystemExit):
            say("\nStopped. Run `make demo` again: it starts where it was.")
            return 0


def test(state: Path, extra: list[str]) -> int:
    """The whole suite, browser journeys included, on servers of its own."""
    return _with_servers(state, lambda python: [str(python), "-m", "pytest", "-n", "auto", *extra], _browser, _tools)


def bench(state: Path, extra: list[str]) -> int:
    """The measurements of docs/bench.md, on servers of their own."""
    return _with_servers(state, lambda python: [str(python), "-m", "tests.bench", *extra])


def chaos(state: Path, extra: list[str]) -> int:
    """The running system with everything going wrong (docs/chaos.md). A Valkey that we started may be frozen and emptied."""
    ours = [] if os.environ.get("REDIS_URL") else ["--own-valkey"]
    return _with_servers(state, lambda python: [str(python), "-m", "tests.chaos", *ours, *extra])


def shots(state: Path, extra: list[str]) -> int:
    """Pictures of every page, at 390 and 1280 px, in STATE/shots; those of the README too."""
    return _with_servers(state, lambda python: [str(python), "-m", "tests.journeys.shots", str(state / "shots"), *extra], _browser)


def check(state: Path, extra: list[str]) -> int:
    """Style, types, layers of imports, then the tests."""
    python = packages.ensure_environment(state)
    # mypy's plugin reads the settings, which need an environment; nothing is asked of these servers.
    env = demo_environment(state=state, assets=state / "assets", port=8000, database_url="postgres://nobody@localhost/none", redis_url="redis://localhost")
    env["PATH"] = f"{python.parent}{os.pathsep}{env.get('PATH', '')}"
    for name, command in (
        ("ruff", ["ruff", "check", "."]),
        ("mypy", ["mypy", "."]),
        ("import-linter", ["lint-imports", "--no-cache"]),
    ):
        with step(name):
            packages.run([str(python.parent / command[0]), *command[1:]], what=name, env=env)
    return test(state, extra)


def lock(state: Path, extra: list[str]) -> int:
    """Pin requirements*.txt and package-lock.json anew, without any address in them."""
    python = packages.ensure_environment(state)
    # Universal: one lock for every supported Python and platform, with markers where they differ.
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header", "--no-config", "-q", *extra]
    uv = [str(python.parent / "uv"), "pip", "compile", *options]
    with step("requirements.txt"):
        packages.run([*uv, "requirements.in", "-o", "requirements.txt"], what="uv pip compile")
    with step("requirements-dev.txt"):
        packages.run([*uv, "-c", "requirements.txt", "requirements-dev.in", "-o", "requirements-dev.txt"], what="uv pip compile")
    with step("package-lock.json"):
        packages.run(["npm", "install", "--package-lock-only", "--ignore-scripts", "--omit-lockfile-registry-resolved"], what="npm")
    return 0


def clean(state: Path, extra: list[str]) -> int:
    """Throw away everything that was made."""
    care = servers.caretaker(state / "servers")
    shutil.rmtree(care.home, ignore_errors=True)
    shutil.rmtree(state, ignore_errors=True)
    return 0


def _browser(state: Path) -> dict[str, str]:
    return {"SAAS_TEST_CHROMIUM": packages.ensure_browser(state)}


def _tools(state: Path) -> dict[str, str]:
    return {"PATH": f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{tools.ensure_tools(state)}"}


def _with_servers(state: Path, command: Callable[[Path], list[str]], *needs: Callable[[Path], dict[str, str]]) -> int:
    """Run a command with a PostgreSQL and a Valkey that are made for it and thrown away afterwards, and with what it `needs`
    besides: each makes it under STATE and returns the variables that tell of it."""
    python = packages.ensure_environment(state)
    packages.ensure_libraries(state, python)
    env = clean_environment()
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # a run starts some hundred processes: what one has compiled the next only reads
    for need in needs:
        env |= need(state)
    env["SAAS_ASSETS_DIR"] = str(assets.ensure_assets(state, python))
    env["SAAS_STATE_DIR"] = str(state)
    scratch = state / "scratch" / str(os.getpid())
    with Processes(scratch / "logs") as processes:
        care = servers.caretaker(scratch / "servers")
        try:
            with step("PostgreSQL and Valkey"):
                if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
                    found = servers.programs(python, care)
                if not os.environ.get("DATABASE_URL"):
                    env["DATABASE_URL"] = servers.start_postgres(processes, found, care, password="test", options=FAST)  # noqa: S106
                if not os.environ.get("REDIS_URL"):
                    env["REDIS_URL"] = servers.start_valkey(processes, found, care, password="test")  # noqa: S106
            return subprocess.run(command(python), cwd=ROOT, env=env).returncode
        finally:
            processes.stop_all()
            shutil.rmtree(care.home, ignore_errors=True)
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
