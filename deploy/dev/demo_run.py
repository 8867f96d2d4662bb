"""Run the demo: servers, then what fills them, then the stand-in, web, worker and beat, each when the one before is ready."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

from deploy.dev import servers
from deploy.dev.console import Trouble, say, step
from deploy.dev.packages import ROOT
from deploy.dev.processes import Processes
from deploy.dev.variables import demo_environment, kept_secrets


def serve(state: Path, port: int, python: Path, assets: Path) -> int:
    """Start everything, print where it is, and stay until we are told to stop or something ends. Returns the exit code."""
    with Processes(state / "logs") as processes:
        database_url, redis_url = _servers(processes, state, python)
        env = demo_environment(state=state, assets=assets, port=port, database_url=database_url, redis_url=redis_url)
        with step("database, static files and demo agencies"):
            _fill(python, env)
        with step("PayU stand-in, web, worker and beat"):
            _services(processes, state, port, python, env)
        _welcome(state)
        while True:
            gone = processes.ended()
            if gone is not None:
                raise Trouble(f"{gone} ended by itself; its log is {state / 'logs' / gone}.log. Everything else was stopped.")
            time.sleep(0.3)


def _servers(processes: Processes, state: Path, python: Path) -> tuple[str, str]:
    database_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if not (database_url and redis_url):
        with step("PostgreSQL and Valkey"):
            care = servers.caretaker(state / "servers")
            found = servers.programs(python, care)
            password = kept_secrets(state)["database"]
            if not database_url:
                database_url = servers.start_postgres(processes, found, care, password=password, options={})
            if not redis_url:
                redis_url = servers.start_valkey(processes, found, care, password=password)
    return database_url, redis_url


def _fill(python: Path, env: dict[str, str]) -> None:
    """Its own words are shown as they come: the first time it loads two workbooks."""
    done = subprocess.Popen(
        [str(python), "-m", "deploy.dev.demo"], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = []
    assert done.stdout is not None  # noqa: S101  (a pipe was asked for)
    for text in done.stdout:
        said.append(text)
        say(f"  {text.rstrip()}")
    if done.wait():
        raise Trouble("The demo could not be filled. Nothing of yours was changed; the lines above say why.")


def _services(processes: Processes, state: Path, port: int, python: Path, env: dict[str, str]) -> None:
    def start(name: str, *command: str) -> None:
        processes.start(name, [str(python), "-m", *command], cwd=ROOT, env=env)

    start("payu", "payments.sandbox", "--port", str(port + 1), "--books", str(state / "payu.sqlite"))
    processes.until_ready("payu", lambda: servers.answers(port + 1))
    start("web", "gunicorn", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{port}", "saas.wsgi")
    start("worker", "celery", "-q", "-A", "saas", "worker", "-c", "2", "-l", "WARNING", "--without-gossip", "--without-mingle")
    start("beat", "celery", "-q", "-A", "saas", "beat", "-l", "WARNING", "-s", str(state / "beat"))
    processes.until_ready("web", lambda: _ready(port))


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _welcome(state: Path) -> None:
    demo = json.loads((state / "demo.json").read_text(encoding="utf-8"))
    say(f"\nPlatform        {demo['platform']}\nSign up         {demo['signup']}\nMail sent       {demo['mail']}\nPayU stand-in   {demo['payu']}")
    for agency in demo["agencies"]:
        say(f"\n{agency['name']}: {agency['url']}")
        _people(demo, agency["slug"])
    say("\nPlatform's operators")
    _people(demo, "")
    say(f"\nAll of it is in {state / 'demo.json'}. Ctrl-C stops everything.\n")


def _people(demo: dict[str, list[dict[str, str]]], slug: str) -> None:
    for person in demo["people"]:
        if person["agency"] == slug:
            say(f"  {person['role']:<12} usuario {person['usuario']:<28} contraseña {person['contraseña']}   {person['name']}")
