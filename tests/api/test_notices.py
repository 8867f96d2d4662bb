"""Outgoing notices: written with the fact, delivered signed to a real server, tried again, given up, sent again."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from payments import outgoing, reversals
from payments.models import Payment, Payout
from pqrs import handling
from pqrs.cases import open_case
from saas.api import addresses, delivery, notices
from saas.api.addresses import AddressRefused
from saas.api.models import Notice, NoticeAddress, NoticeTry, OutgoingKind
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.api.listener import Listener, listening, make_certificate
from tests.desk.desks import assert_desk_only
from tests.payments.money import check_invariants, say, start
from tests.world import NOW, Casts

PAGE = "/oficina/ajustes/avisos/"
ALL = list(OutgoingKind.values)


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    """The listener is on this machine."""
    settings.NOTICES_TO_LOOPBACK = True


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


def listen(cast: Any, url: str, kinds: list[str] = ALL) -> tuple[NoticeAddress, str]:
    """That address is told of those kinds. Call it inside the agency."""
    return addresses.add_address(url=url, kinds=kinds, by=cast.sara, now=NOW)


def work(kind: str = "api.deliver") -> int:
    """Run each due job of a kind once. Returns how many were run."""
    jobs = Job.objects.filter(kind=kind, done_at=None, dead_at=None).order_by("pk")
    return sum(run_job(job.pk, now=clock.now()) for job in jobs)


def written() -> list[tuple[str, dict[str, Any]]]:
    """Kind and data of each notice, in order."""
    return [(notice.kind, json.loads(notice.body)["data"]) for notice in Notice.objects.order_by("pk")]


# What is told


def test_an_approval_by_callback_is_told_in_its_transaction(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        listen(cast.alfa, "http://127.0.0.1:9/")
        attempt = start(cast.alfa, cast.alfa.invoice)
        assert not Notice.objects.exists()
        say(attempt)
        say(attempt)
        payment = Payment.objects.get()
        assert written() == [
            (
                "payment.approved",
                {
                    "payment": payment.pk, "client": 1, "amount": "1215000.00", "source": "gateway", "receipt": payment.receipt.pk,
                    "receipt_number": "CP-1", "invoices": [{"invoice": cast.alfa.invoice.pk, "amount": "1215000.00"}],
                },
            )
        ]  # fmt: skip
        check_invariants()
    with context.in_agency(cast.beta.agency):
        assert not Notice.objects.exists()


def test_a_fact_that_is_undone_is_not_told(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        listen(cast.alfa, "http://127.0.0.1:9/")
        attempt = start(cast.alfa, cast.alfa.invoice)
        with transaction.atomic():
            say(attempt)
            assert Notice.objects.count() == 1
            transaction.set_rollback(True)
        assert (Notice.objects.count(), Job.objects.filter(kind="api.deliver").count()) == (0, 0)


def test_each_kind_is_told_to_who_chose_it(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        for number, kind in enumerate(ALL, start=1):
            listen(cast.alfa, f"http://127.0.0.1:9/{number}", [kind])
        say(start(cast.alfa, cast.alfa.invoice))
        payment = Payment.objects.get()
        reversals.reverse_by_staff(payment.pk, reason="Se devolvió", staff=cast.alfa.sara, now=NOW)
        case = open_case(client=cast.alfa.rita, kind="petition", subject="other", description="Hola", now=NOW)
        handling.take(case, by=cast.alfa.sara, now=NOW)
        handling.answer(case, text="Buenas", by=cast.alfa.sara, now=NOW)
        payout = Payout(pk=4, prefix="CE", number=4, owner=cast.alfa.oscar, lease=cast.alfa.lease, paid_on="2026-11-20", net=Decimal(9))
        outgoing.payouts_paid([payout], now=NOW)
        outgoing.invoices_issued([cast.alfa.invoice, cast.alfa.overdue], now=NOW)
        assert [(notice.kind, ALL[notice.address_id - 1]) for notice in Notice.objects.order_by("pk")] == [
            (kind, kind)
            for kind in (
                "payment.approved", "payment.reversed", "case.opened", "case.answered", "payout.paid", "invoice.issued", "invoice.issued"
            )
        ]  # fmt: skip
        told = dict(written())
        assert told["payment.reversed"] == {
            "payment": payment.pk, "client": 1, "amount": "1215000.00", "kind": "staff", "reversal_number": "RV-1", "payment_state": "reversed",
        }  # fmt: skip
        assert (told["case.answered"]["number"], told["case.answered"]["state"]) == (case.number, "answered")
        assert told["payout.paid"]["net"] == "9.00"
        assert told["invoice.issued"] == {
            "invoice": 2, "number": "FA-2", "kind": "rent", "client": 1, "lease": 1, "total": "1215000.00", "due_on": "2026-10-09",
        }  # fmt: skip
        for notice in Notice.objects.all():
            assert not any(word in notice.body for word in ("Rita", "1001", "correo.example", "Hola"))


def test_when_nobody_listens_one_question_is_asked(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        sleeping, _secret = listen(cast.alfa, "http://127.0.0.1:9/")
        NoticeAddress.objects.filter(pk=sleeping.pk).update(active=False)
        with CaptureQueriesContext(connection) as asked:
            outgoing.invoices_issued([cast.alfa.invoice] * 50, now=NOW)
        assert len(asked) == 1
        assert not Notice.objects.exists()


# Delivering


def test_a_notice_is_delivered_and_signed(cast: Casts, listener: Listener) -> None:
    with context.in_agency(cast.alfa.agency):
        _address, secret = listen(cast.alfa, listener.url)
        open_case(client=cast.alfa.rita, kind="petition", subject="other", description="Hola", now=NOW)
        assert work() == 1
        ((headers, body),) = listener.heard
        notice = Notice.objects.get()
        assert (notice.state, body.decode()) == ("delivered", notice.body)
        assert (headers["path"], headers["Notice-Kind"], headers["Notice-Id"]) == ("/avisos?de=alfa", "case.opened", str(notice.event))
        assert json.loads(body)["id"] == str(notice.event)
        stamp, mark = (part.partition("=")[2] for part in headers["Notice-Signature"].split(","))
        assert hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest() == mark
        assert abs(clock.now().timestamp() - int(stamp)) < 120
        tried = NoticeTry.objects.get()
        assert (tried.status, tried.error, tried.answer) == (200, "", "recibido")
        assert work() == 0


def test_a_changed_secret_signs_beside_the_one_before(cast: Casts, listener: Listener) -> None:
    with context.in_agency(cast.alfa.agency):
        address, before = listen(cast.alfa, listener.url)
        after = addresses.rotate(address.pk, by=cast.alfa.sara, now=clock.now())
        address.refresh_from_db()
        assert addresses.secrets_of(address, now=clock.now()) == [after, before]
        assert addresses.secrets_of(address, now=clock.now() + timedelta(days=3, seconds=1)) == [after]
        assert before not in address.secret + address.previous_secret
        notices.send_test(address, now=clock.now())
        work()
        ((headers, body),) = listener.heard
        stamp, *marks = (part.partition("=")[2] for part in headers["Notice-Signature"].split(","))
        signed = f"{stamp}.".encode() + body
        assert marks == [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in (after, before)]
        assert [change.after for change in Change.objects.filter(subject="notice_address", field="secret")] == ["cambiado"]


def test_what_is_not_taken_is_tried_again_until_it_is(cast: Casts, listener: Listener) -> None:
    listener.answer = (503, {}, b"ahora no" + b"\x00" * 900)
    with context.in_agency(cast.alfa.agency):
        address, _secret = listen(cast.alfa, listener.url)
        notice = notices.send_test(address, now=clock.now())
        now = clock.now()
        work()
        job = Job.objects.get(kind="api.deliver")
        assert now + timedelta(seconds=14) < job.due_at < clock.now() + timedelta(seconds=20)
        assert (job.done_at, job.dead_at) == (None, None)
        tried = NoticeTry.objects.get()
        assert (tried.status, tried.error, tried.answer[:8], len(tried.answer)) == (503, "Respondió 503.", "ahora no", 500)
        assert "\x00" not in tried.answer
        listener.answer = (204, {}, b"")
        assert run_job(job.pk, now=job.due_at) is True
        notice.refresh_from_db()
        assert (notice.state, notice.tries.count(), len({headers["Notice-Id"] for headers, _body in listener.heard})) == ("delivered", 2, 1)


def test_after_three_days_it_is_given_up_and_may_be_sent_again(cast: Casts, listener: Listener) -> None:
    listener.answer = (500, {}, b"")
    with context.in_agency(cast.alfa.agency):
        address, _secret = listen(cast.alfa, listener.url)
        began = clock.now()
        notice = notices.send_test(address, now=began)
        waits = []
        now = began
        again: datetime | None = began
        while again is not None:
            NoticeAddress.objects.update(failures=0, resting_until=None)  # the breaker is another test's
            waits.append(again - now)
            now = again
            again = delivery.deliver(notice.pk, round_=1, now=now)
        notice.refresh_from_db()
        assert notice.state == "given_up"
        # They grow, but for the tenth that chance adds to the longest.
        assert all(before < after * 1.1 for before, after in itertools.pairwise(waits[1:]))
        assert timedelta(days=2) < now - began <= timedelta(days=3)
        assert 12 <= notice.tries.count() <= 20
        listener.answer = (200, {}, b"")
        notices.send_again(notice.pk, now=clock.now())
        Job.objects.filter(key=f"{notice.pk}:1").update(done_at=clock.now())
        assert work() == 1
        notice.refresh_from_db()
        assert (notice.state, notice.rounds) == ("delivered", 2)
        assert delivery.deliver(notice.pk, round_=1, now=clock.now()) is None  # the first round's job knows nothing any more


def test_an_address_that_fails_rests_and_wakes(cast: Casts, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "RESTS", (timedelta(hours=1),))  # longer than this test on a machine that is busy
    listener.answer = (500, {}, b"")
    with context.in_agency(cast.alfa.agency):
        address, _secret = listen(cast.alfa, listener.url)
        other, _secret = listen(cast.alfa, listener.url)
        for _ in range(8):
            notices.send_test(address, now=clock.now())
        notices.send_test(other, now=clock.now())
        work()
        assert len(listener.heard) == delivery.FAILURES + 1  # the other address has a breaker of its own
        address.refresh_from_db()
        assert address.resting_until is not None
        waiting = Notice.objects.filter(address=address, tries=None)
        assert {notice.state for notice in waiting} == {"waiting"}
        assert Job.objects.filter(kind="api.deliver", due_at__gte=address.resting_until).count() >= 3
        listener.answer = (200, {}, b"")
        assert delivery.deliver(waiting[0].pk, round_=1, now=address.resting_until) is None
        address.refresh_from_db()
        assert (address.failures, address.resting_until) == (0, None)


def test_redirects_are_not_followed(cast: Casts, listener: Listener) -> None:
    with listening() as elsewhere, context.in_agency(cast.alfa.agency):
        listener.answer = (307, {"Location": elsewhere.url}, b"")
        address, _secret = listen(cast.alfa, listener.url)
        notices.send_test(address, now=clock.now())
        work()
        assert elsewhere.heard == []
        assert NoticeTry.objects.get().error == "Respondió con una redirección: no se siguen."


def test_who_answers_one_sign_at_a_time_is_cut(cast: Casts, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "WHOLE_SECONDS", 1.0)
    listener.answer = b"x"
    with context.in_agency(cast.alfa.agency):
        address, _secret = listen(cast.alfa, listener.url)
        notices.send_test(address, now=clock.now())
        work()
        tried = NoticeTry.objects.get()
        assert (tried.status, tried.error) == (None, "No respondió a tiempo.")
        assert tried.milliseconds >= 900


def test_who_is_not_there_or_not_secure_is_said(cast: Casts, listener: Listener, settings: Any) -> None:
    with socket.socket() as free, context.in_agency(cast.alfa.agency):
        free.bind(("127.0.0.1", 0))  # taken, and nobody listens
        address, _secret = listen(cast.alfa, f"http://127.0.0.1:{free.getsockname()[1]}/")
        secure, _secret = listen(cast.alfa, listener.url.replace("http", "https"))
        for one in (address, secure):
            notices.send_test(one, now=clock.now())
        work()
        errors = dict(NoticeTry.objects.values_list("notice__address", "error"))
        assert errors[address.pk] == "El servidor rechazó la conexión: nadie escucha en ese puerto."
        assert errors[secure.pk] == "El certificado no sirve, o la conexión segura falló."
        assert listener.heard == []


@pytest.mark.parametrize(
    ("trusted", "ip", "taken"), [(True, "127.0.0.1", True), (True, "127.0.0.2", False), (False, "127.0.0.1", False)]
)
def test_the_name_is_proved_by_its_certificate(
    cast: Casts, listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, ip: str, taken: bool
) -> None:
    """A real TLS server: who is not known, or carries another name, is told nothing."""
    file = make_certificate(tmp_path, ip)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    listener.secure(file)
    with context.in_agency(cast.alfa.agency):
        address, _secret = listen(cast.alfa, listener.url.replace("http", "https"))
        notices.send_test(address, now=clock.now())
        work()
        tried = NoticeTry.objects.get()
        said = "" if taken else "El certificado no sirve, o la conexión segura falló."
        assert (tried.status, tried.error, len(listener.heard)) == (200 if taken else None, said, int(taken))


# Addresses that point inside


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.0.0.8", "198.18.0.1", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]", "[::127.0.0.1]",
        "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost",
    ],
)  # fmt: skip
def test_what_points_inside_is_refused(ip: str, settings: Any) -> None:
    settings.NOTICES_TO_LOOPBACK = False
    with pytest.raises(AddressRefused):
        addresses.look_up(f"https://{ip}/")


@pytest.mark.parametrize("ip", ["8.8.8.8", "[2606:4700:4700::1111]"])
def test_what_points_to_the_internet_is_taken(ip: str, settings: Any) -> None:
    settings.NOTICES_TO_LOOPBACK = False
    target = addresses.look_up(f"https://{ip}:8443/a?b=c")
    assert (target.ip, target.port, target.path, target.secure) == (ip.strip("[]"), 8443, "/a?b=c", True)


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/", "ftp://8.8.8.8/", "https://usuario:clave@8.8.8.8/", "https://8.8.8.8/#x", "https://8.8.8.8:25/", "https://8.8.8.8:99999/",
        "https://", "nada", "https://8.8.8.8/\r\nHost: x", "https://[::1", "https://ñ.co/", "https://8.8.8.8/ x", "",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str, settings: Any) -> None:
    settings.NOTICES_TO_LOOPBACK = False
    with pytest.raises(AddressRefused):
        addresses.look_up(url)


def test_a_name_that_points_elsewhere_a_moment_later_changes_nothing(
    cast: Casts, listener: Listener, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked for once in each try, and the connection goes to what was judged."""
    asked: list[str] = []
    answers = ["8.8.8.8", "127.0.0.1", "8.8.8.8"]

    def resolve(host: str, port: int, **options: Any) -> list[Any]:
        asked.append(host)
        ip = answers[len(asked) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **options: Any) -> Any:
        connected.append(address)
        raise TimeoutError

    settings.NOTICES_TO_LOOPBACK = False
    monkeypatch.setattr(addresses.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(delivery.socket, "create_connection", connect)
    with context.in_agency(cast.alfa.agency):
        address, _secret = listen(cast.alfa, "https://rebota.example/")
        first, second = notices.send_test(address, now=clock.now()), notices.send_test(address, now=clock.now())
        delivery.deliver(first.pk, round_=1, now=clock.now())
        delivery.deliver(second.pk, round_=1, now=clock.now())
        assert [tried.error for tried in NoticeTry.objects.order_by("pk")] == [
            "Esa dirección apunta a una red interna: los avisos solo salen a internet.", "No respondió a tiempo.",
        ]  # fmt: skip
    assert (len(asked), connected) == (3, [("8.8.8.8", 443)])
    assert listener.heard == []


# At the desk


def test_an_address_is_registered_tested_and_its_log_read(cast: Casts, browse: Any, listener: Listener) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    answer = sara.post(PAGE, {"url": listener.url, "kinds": ["case.opened", "payment.approved"]}, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert secret not in sara.get(PAGE).content.decode()
    path = f"{PAGE}1/"
    assert sara.post(f"{path}probar/")["Location"] == path
    with context.in_agency(cast.alfa.agency):
        assert work() == 1
    assert "Entregado" in sara.get(path).content.decode()
    page = sara.get(f"{PAGE}envio/1/").content.decode()
    assert "recibido" in page
    assert sara.post(f"{PAGE}envio/1/otra-vez/")["Location"] == f"{PAGE}envio/1/"
    with context.in_agency(cast.alfa.agency):
        assert work() == 1
    assert [headers["Notice-Kind"] for headers, _body in listener.heard] == ["test", "test"]
    assert len({headers["Notice-Id"] for headers, _body in listener.heard}) == 1
    changed = sara.post(f"{path}secreto/", follow=True)
    new = changed.context["secret"]
    assert (changed.redirect_chain, new not in ("", secret), new in changed.content.decode()) == ([(path, 302)], True, True)
    with context.in_agency(cast.alfa.agency):
        before = Change.objects.filter(subject="notice_address", field="secret").count()
    assert new not in sara.get(path).content.decode()  # a reload shows nothing and changes nothing
    with context.in_agency(cast.alfa.agency):
        assert Change.objects.filter(subject="notice_address", field="secret").count() == before
    assert sara.post(path, {"url": listener.url, "kinds": ["case.opened"]}).status_code == 302  # off: the box is not ticked
    sara.post(f"{path}probar/")
    with context.in_agency(cast.alfa.agency):
        address = NoticeAddress.objects.get()
        assert (address.active, address.kinds, Notice.objects.count()) == (False, ["case.opened"], 1)
    with context.in_agency(cast.beta.agency):
        assert not NoticeAddress.objects.exists()
    beta = browse(cast.beta.agency, cast.beta.sara)
    for address_ in (path, f"{PAGE}envio/1/"):
        assert beta.get(address_).status_code == 404
        assert_desk_only(browse, cast.alfa, address_)


def test_an_address_inside_is_not_registered(cast: Casts, browse: Any, settings: Any) -> None:
    settings.NOTICES_TO_LOOPBACK = False
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    for url in ("https://169.254.169.254/latest/", "http://8.8.8.8/", "https://10.0.0.1/"):
        answer = sara.post(PAGE, {"url": url, "kinds": ["case.opened"]})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["url"])
    with context.in_agency(cast.alfa.agency):
        assert not NoticeAddress.objects.exists()


def test_an_agency_has_so_many_addresses(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        for _ in range(addresses.MOST):
            listen(cast.alfa, "http://127.0.0.1:9/")
        with pytest.raises(AddressRefused):
            listen(cast.alfa, "http://127.0.0.1:9/")


def test_old_notices_are_forgotten(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        address, _secret = listen(cast.alfa, "http://127.0.0.1:9/")
        notices.send_test(address, now=NOW)
        assert notices.purge(now=NOW + timedelta(days=89)) == 0
        assert notices.purge(now=NOW + timedelta(days=91)) == 1
