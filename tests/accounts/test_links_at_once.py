"""Two uses of one link at the same moment: one sets the password, the other finds the link dead."""

from __future__ import annotations

import threading
import time

from django.db import connection, transaction
from django.test import Client as Browser

from saas.accounts import links
from saas.accounts.models import Role, User
from tenants import context
from tenants.models import Agency

PASSWORDS = ("girasoles-del-norte-7", "nardos-del-sur-8")


def test_of_two_uses_at_once_one_wins(committed: None) -> None:
    alfa = Agency.objects.get(slug="alfa")
    with context.in_agency(alfa):
        user = User.objects.create_user(username="555001", role=Role.CLIENT, name="Ana")
        path = f"/area-de-clientes/activar/{links.make_token(user, purpose='activacion')}/"
    answers: dict[str, int] = {}

    def use(password: str) -> None:
        try:
            browser = Browser(headers={"host": "alfa.plataforma.test"})
            answers[password] = browser.post(path, {"password": password, "again": password}).status_code
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=[password]) for password in PASSWORDS]
    try:
        with context.in_agency(alfa):
            with transaction.atomic():
                # Both have read the account and found the link good before either may write.
                User.objects.select_for_update().get(pk=user.pk)
                for thread in threads:
                    thread.start()
                until_waiting(len(threads))
            for thread in threads:
                thread.join(30)
            user.refresh_from_db()
        assert sorted(answers.values()) == [302, 410]
        (winner,) = [password for password in PASSWORDS if answers[password] == 302]
        assert [user.check_password(password) for password in PASSWORDS] == [password == winner for password in PASSWORDS]
    finally:
        with context.in_agency(alfa):
            User.objects.filter(pk=user.pk).delete()


def until_waiting(count: int) -> None:
    """Return when so many connections to this database wait for a lock."""
    last = time.monotonic() + 20
    while time.monotonic() < last:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
            (waiting,) = cursor.fetchone()
        if waiting == count:
            return
    raise AssertionError("they did not get as far as the lock")
