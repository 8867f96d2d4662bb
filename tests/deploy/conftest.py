"""One web server in production mode for all tests of this folder: collecting its static files is what takes long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.server import Server, production_environment, run


@pytest.fixture(scope="session")
def env(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with django_db_blocker.unblock():
        return production_environment(tmp_path_factory.mktemp("production"))


@pytest.fixture(scope="session")
def collected(env: dict[str, str]) -> dict[str, str]:
    """The environment, once its static files are there."""
    done = run(env, "manage.py", "collectstatic", "--noinput", "-v", "0")
    assert done.returncode == 0, done.stderr
    return env


@pytest.fixture(scope="session")
def server(collected: dict[str, str]) -> Iterator[Server]:
    env = collected
    web = Server(Path(env["SAAS_STATE_DIR"]), env)
    web.start()
    yield web
    web.stop()
