"""The launcher's care of processes: ready before the next, none left behind, and what went wrong is told."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.dev import packages, servers
from deploy.dev.console import Trouble
from deploy.dev.processes import Processes
from deploy.dev.variables import clean_environment, demo_environment, kept_secrets
from saas import env

# A process that starts another, says its id, and will not end when asked.
STUBBORN = (
    "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']); print(child.pid, flush=True); child.wait()"
)


def alive(pid: int) -> bool:
    """Whether a process runs (one that ended and waits to be collected does not)."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def ends(pid: int) -> bool:
    """Whether a process ends within ten seconds: a kill is delivered at once and takes effect when the kernel comes to it."""
    end = time.monotonic() + 10
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def test_what_was_started_is_stopped_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.dev.processes.PATIENCE", 0.2)
    said: list[str] = []
    with Processes(tmp_path) as processes:
        processes.start("web", [sys.executable, "-c", STUBBORN], show=lambda _name, text: said.append(text))
        processes.until_ready("web", lambda: bool(said))
        parent = processes.running[0].process.pid
        child = int(said[0])
        assert alive(parent)
        assert alive(child)
    assert not alive(parent)
    assert ends(child)  # not ours to collect, so only the kernel says when
    assert (tmp_path / "web.log").read_text() == f"{child}\n"


def test_a_process_that_ends_too_early_says_why(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("web", [sys.executable, "-c", "print('no hay base'); raise SystemExit(3)"])
        with pytest.raises(Trouble, match="web ended before it was ready:\nno hay base"):
            processes.until_ready("web", lambda: False)
        assert processes.ended() == "web"


def test_processes_end_with_a_launcher_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from deploy.dev.processes import Processes;"
        " p = Processes(Path(sys.argv[1])); p.start('web', [sys.executable, '-c', 'import time; time.sleep(300)']);"
        " print(p.running[0].process.pid, flush=True); time.sleep(300)"
    )
    launcher = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    pid = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    assert ends(pid)


def test_a_taken_port_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    port = servers.free_port()
    with subprocess.Popen([sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], stderr=subprocess.DEVNULL) as other:
        end = time.monotonic() + 10
        while not servers.answers(port) and time.monotonic() < end:
            time.sleep(0.02)
        done = subprocess.run(
            [sys.executable, "-m", "deploy.dev.run", "demo"], cwd=packages.ROOT, capture_output=True, text=True,
            env={**clean_environment(), "PORT": str(port), "STATE": str(tmp_path / "state")},
        )  # fmt: skip
        other.send_signal(signal.SIGTERM)
    assert done.returncode == 2
    assert f"Port {port} is taken. Stop what uses it, or run `make demo PORT=9000`" in done.stdout
    assert not (tmp_path / "state").exists()


def test_the_demo_s_environment_is_whole_and_its_secrets_stay(tmp_path: Path) -> None:
    made = demo_environment(
        state=tmp_path, assets=tmp_path / "assets", port=9000, database_url="postgres://a@b/c", redis_url="redis://localhost"
    )
    values = env.read({name: value for name, value in made.items() if name.startswith(env.FAMILIES) or name.endswith("_URL")})
    assert values["SAAS_PLATFORM_ORIGIN"] == "http://localhost:9000"
    assert values["PAYU_REPORTS_URL"] == "http://localhost:9001/reports-api/4.0/service.cgi"
    assert kept_secrets(tmp_path) == kept_secrets(tmp_path)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_root_hands_the_servers_over_and_nobody_else_does(tmp_path: Path) -> None:
    care = servers.caretaker(tmp_path / "servers")
    try:
        who = subprocess.run(["id", "-u"], capture_output=True, text=True, cwd=care.home, **care.options())
        assert int(who.stdout) == (pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid())
    finally:
        if not care.home.is_relative_to(tmp_path):
            care.home.rmdir()
