"""What a person does at the way in, for tests: type into a form with the *no soy robot* check solved, and read the page."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client as Browser

from tests.walls.robot import solve
from tests.world import PASSWORD

LOGIN = "/area-de-clientes/ingresar/"
FORGOTTEN = "/area-de-clientes/clave/"
SENT = "/area-de-clientes/clave/enviada/"
HOME = "/area-de-clientes/"
WRONG = "El usuario o la contraseña no son correctos. Revise que no tenga activadas las mayúsculas."
TOO_MANY = "Demasiados intentos. Espere cinco minutos y vuelva a intentarlo."


def solved(browser: Browser) -> str:
    """A solved *no soy robot* puzzle of the browser's host."""
    return solve(browser.get("/no-soy-robot/").json())


def log_in(browser: Browser, login: str, password: str = PASSWORD, **other: str) -> Any:
    """Send the log-in form, its puzzle solved unless `captcha` is given."""
    typed = {"login": login, "password": password, **other}
    return browser.post(LOGIN, typed if "captcha" in other else {**typed, "captcha": solved(browser)})


def words_of(answer: Any) -> str:
    """The text of a page as people read it, without its marks."""
    body = answer.content.decode()
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def is_in(browser: Browser) -> bool:
    """Whether the browser has a session: the client area answers, and does not send it to log in."""
    answer = browser.get(HOME)
    if answer.status_code == 302 and answer["Location"] != "/oficina/":
        assert answer["Location"] == f"{LOGIN}?next=/area-de-clientes/"
        return False
    assert answer.status_code in (200, 302)
    return True
