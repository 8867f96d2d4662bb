"""What the tests of the desk's pages share: the browser of its staff, and the ways of being refused."""

from __future__ import annotations

from typing import Any

from tests.portal.pages import at
from tests.world import Cast


def assert_desk_only(browse: Any, cast: Cast, path: str, *, method: str = "get") -> None:
    """Anonymous people are sent to log in; a client finds nothing."""
    answer = getattr(browse(cast.agency), method)(path)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, at("account_login"))
    assert getattr(browse(cast.agency, cast.rita.user), method)(path).status_code == 404


def errors_of(answer: Any, form: str = "form") -> dict[str, list[str]]:
    """What a form says was wrong."""
    return {name: list(said) for name, said in answer.context[form].errors.items()}
