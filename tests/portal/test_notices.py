"""*Notificaciones*: told once, in the list and by mail as each client chose; read, counted, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from clientarea import notice_mail, notices
from clientarea.models import Client, Notice, NoticeChoice, NoticeKind
from clientarea.notice_words import words_of
from clientarea.notices import Letter, Wish
from payments import announcing, receipts
from payments.models import Invoice, InvoiceKind, Receipt
from pqrs import handling
from pqrs.cases import open_case
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock, signing
from tenants import context
from tests.payments.money import say, start
from tests.portal.pages import assert_closed, at, queries_of, tags, text_of
from tests.world import NOW, Cast, Casts, make_invoice

LIST, CHOICES = "/area-de-clientes/notificaciones/", "/area-de-clientes/notificaciones/preferencias/"
NBSP = "\u00a0"


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    """Alfa, inside it."""
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa


def document(client: Client, key: str, *, now: Any = NOW, letter: Letter | None = None) -> bool:
    """Tell a client of a shared document."""
    return notices.tell(
        client=client, kind=NoticeKind.DOCUMENT, key=key, data={"name": f"Acta {key}"}, link="/area-de-clientes/documentos/", letter=letter, now=now
    )  # fmt: skip


def run_jobs(*kinds: str) -> list[Any]:
    """Run what waits of those kinds; the mails that were sent."""
    mail.outbox.clear()
    for pk in Job.objects.filter(kind__in=kinds, done_at=None).order_by("pk").values_list("pk", flat=True):
        run_job(pk, now=max(NOW, clock.now()) + timedelta(minutes=1))
    assert not Job.objects.exclude(last_error="").exists()
    return list(mail.outbox)


def titles(client: Client) -> list[tuple[str, str]]:
    return [(words_of(n).title.replace(NBSP, " "), words_of(n).text.replace(NBSP, " ")) for n in notices.notices_of(client).order_by("pk")]


def choose(client: Client, kind: NoticeKind, wish: Wish) -> None:
    notices.choose(client, {kind: wish}, by=client.user, now=NOW)


# Telling


def test_a_key_is_told_once(here: Cast) -> None:
    assert document(here.rita, "d:1", letter=Letter()) is True
    assert document(here.rita, "d:1", now=NOW + timedelta(hours=1), letter=Letter()) is False
    (row,) = Notice.objects.all()
    assert (row.client, row.kind, row.created_at, row.read_at, row.listed) == (here.rita, "document", NOW, None, True)
    assert [(job.kind, job.key, job.payload) for job in Job.objects.all()] == [("clientarea.notice_mail", "notice:d:1", {"notice_id": row.pk})]
    (letter,) = run_jobs("clientarea.notice_mail")
    assert (letter.to, letter.subject) == (["rita@correo.example"], "La inmobiliaria compartió un documento con usted")
    assert "Acta d:1" in letter.body
    assert "http://alfa.plataforma.test/area-de-clientes/documentos/" in letter.body
    assert run_jobs("clientarea.notice_mail") == []


def test_what_is_rolled_back_was_not_told(here: Cast) -> None:
    class Undone(Exception):
        pass

    def undo() -> None:
        with transaction.atomic():
            document(here.rita, "d:1", letter=Letter())
            raise Undone

    with pytest.raises(Undone):
        undo()
    assert (Notice.objects.count(), Job.objects.count()) == (0, 0)


def test_a_link_leads_into_the_client_area_or_nowhere(here: Cast) -> None:
    for link in ("https://otro.example/", "//otro.example/", "/oficina/"):
        with pytest.raises(IntegrityError), transaction.atomic():
            notices.tell(client=here.rita, kind=NoticeKind.DOCUMENT, key=link, data={"name": "x"}, link=link, now=NOW)


@pytest.mark.parametrize(("wish", "listed", "mailed"), [
    (Wish(True, True), True, 1), (Wish(True, False), True, 0), (Wish(False, True), False, 1), (Wish(False, False), False, 0),
])  # fmt: skip
def test_each_channel_is_the_client_s_choice(here: Cast, wish: Wish, listed: bool, mailed: int) -> None:
    choose(here.rita, NoticeKind.DOCUMENT, wish)
    document(here.rita, "d:1", letter=Letter())
    document(here.berta, "d:2", letter=Letter())
    assert (Notice.objects.get(key="d:1").listed, Job.objects.filter(key="notice:d:1").count()) == (listed, mailed)
    assert (Notice.objects.get(key="d:2").listed, Job.objects.filter(key="notice:d:2").count()) == (True, 1)


def test_who_changed_their_mind_meanwhile_is_not_mailed(here: Cast) -> None:
    document(here.rita, "d:1", letter=Letter())
    choose(here.rita, NoticeKind.DOCUMENT, Wish(True, False))
    assert run_jobs("clientarea.notice_mail") == []


@pytest.mark.parametrize("change", [{"email": ""}, {"archived_at": NOW}])
def test_who_cannot_be_written_to_has_it_in_the_list(here: Cast, change: dict[str, Any]) -> None:
    Client.objects.filter(pk=here.rita.pk).update(**change)
    here.rita.refresh_from_db()
    document(here.rita, "d:1", letter=Letter())
    assert (Notice.objects.count(), Job.objects.count()) == (1, 0)


def test_essential_kinds_cannot_be_switched_off(here: Cast) -> None:
    for kind in NoticeKind:
        choose(here.rita, kind, Wish(False, False))
    assert set(NoticeChoice.objects.values_list("kind", flat=True)) == {"invoice", "due_soon", "overdue", "payout", "document"}
    assert notices.wish_of(here.rita, NoticeKind.PAYMENT) == notices.wish_of(here.rita, NoticeKind.CASE) == Wish(True, True)


# The facts


def test_a_settled_payment_is_told_once_whatever_comes_again(here: Cast) -> None:
    attempt = start(here)
    say(attempt)
    say(attempt)
    receipt = Receipt.objects.get()
    assert titles(here.rita) == [("Recibimos su pago de $ 1.215.000", f"Comprobante {receipt.full_number}.")]
    assert Notice.objects.get().link == at("payment", receipt.payment_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        receipts.issue(payment=receipt.payment, attempt=attempt, applied=[], now=NOW)
    assert (Receipt.objects.count(), Notice.objects.count()) == (1, 1)
    assert Job.objects.filter(kind="clientarea.notice_mail").count() == 0  # the receipt's own mail brings it


def test_a_declined_payment_is_not_told(here: Cast) -> None:
    say(start(here), state="6")
    assert Notice.objects.count() == 0


def test_what_staff_do_to_a_case_is_in_the_list_and_what_the_client_does_is_not(here: Cast) -> None:
    case = open_case(client=here.rita, kind="claim", subject="other", description="x", now=NOW)
    assert titles(here.rita) == []
    handling.add_note(case, text="SECRETO", by=here.sara, now=NOW)
    handling.take(case, by=here.sara, now=NOW)
    handling.ask(case, text="SECRETO", by=here.sara, now=NOW)
    handling.extend(case, reason="SECRETO", days=2, by=here.sara, now=NOW)
    handling.answer(case, text="SECRETO", by=here.sara, now=NOW)
    handling.close(case, reason="", by=here.sara, now=NOW)
    assert [title for title, _text in titles(here.rita)] == [
        "La inmobiliaria le escribió sobre su PQRS 2026-000001", "Prorrogamos el plazo de su PQRS 2026-000001",
        "Respondimos su PQRS 2026-000001", "Cerramos su PQRS 2026-000001",
    ]  # fmt: skip
    assert set(Notice.objects.values_list("link", flat=True)) == {at("case", case.number)}
    assert "SECRETO" not in str(list(Notice.objects.values()))


def test_a_new_invoice_is_announced_once_with_its_paper(here: Cast) -> None:
    assert announcing.announce_invoice(here.invoice, NOW) is True
    assert announcing.announce_invoice(here.invoice, NOW) is False
    assert titles(here.rita) == [("Nueva factura FA-1 por $ 1.215.000", "Vence el 30 de noviembre de 2026.")]
    (letter,) = run_jobs("payments.invoice_mail")
    assert letter.to == ["rita@correo.example"]
    assert [name for name, _content, _kind in letter.attachments] == ["factura-FA-1.pdf"]
    assert "/pagar/" in letter.body
    commission = make_invoice(here.lease, 900, kind=InvoiceKind.COMMISSION, client=here.oscar)
    announcing.announce_invoice(commission, NOW)
    assert Notice.objects.get(client=here.oscar).link == at("commission", commission.pk)


def test_one_that_is_overdue_already_waits_for_the_hours_of_collection(here: Cast) -> None:
    evening = NOW.replace(hour=20)
    announcing.announce_invoice(here.overdue, evening)
    announcing.announce_invoice(here.invoice, evening)
    due = {job.payload["invoice_id"]: job.due_at for job in Job.objects.filter(kind="payments.invoice_mail")}
    assert due == {here.overdue.pk: NOW.replace(hour=7) + timedelta(days=1), here.invoice.pk: evening}


def test_what_asks_for_nothing_is_not_announced(here: Cast) -> None:
    assert not announcing.announce_invoice(make_invoice(here.lease, 40, applied=Decimal(1_215_000)), NOW)
    assert not announcing.announce_invoice(make_invoice(here.lease, 41, voided_at=NOW), NOW)
    assert (Notice.objects.count(), Job.objects.count()) == (0, 0)


def test_who_wants_no_mail_of_invoices_gets_none(here: Cast) -> None:
    choose(here.rita, NoticeKind.INVOICE, Wish(True, False))
    announcing.announce_invoice(here.invoice, NOW)
    assert (Notice.objects.count(), Job.objects.count()) == (1, 0)


# The list


def test_the_list_shows_one_s_own_newest_first_and_counts_the_unread(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        for n in range(3):
            document(cast.alfa.rita, f"d:{n}", now=NOW + timedelta(minutes=n))
        document(cast.alfa.berta, "d:berta")
    rita = browse(cast.alfa.agency, cast.alfa.rita.user)
    page = rita.get(LIST)
    assert [notice.words.text for notice in page.context["told"]] == ["Acta d:2", "Acta d:1", "Acta d:0"]
    assert "Notificaciones: 3 sin leer" in re.sub(r"<[^>]+>", "", page.content.decode()).replace("\n", " ")
    assert "d:berta" not in page.content.decode()
    assert '<span class="bell-count"' not in browse(cast.beta.agency, cast.beta.rita.user).get(LIST).content.decode()


def test_opening_one_reads_it_and_leads_to_what_it_is_about(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        announcing.announce_invoice(cast.alfa.invoice, NOW)
        pk = Notice.objects.get().pk
    rita = browse(cast.alfa.agency, cast.alfa.rita.user)
    answer = rita.get(at("notice", pk))
    assert (answer.status_code, answer["Location"]) == (302, at("invoice", cast.alfa.invoice.pk))
    with context.in_agency(cast.alfa.agency):
        first = Notice.objects.get().read_at
        assert first is not None
    rita.get(at("notice", pk))
    with context.in_agency(cast.alfa.agency):
        assert Notice.objects.get().read_at == first
    assert text_of(rita.get(LIST + "?ver=sin-leer")).count("No tiene notificaciones sin leer") == 1


def test_one_or_all_are_marked_as_read(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        for n in range(3):
            document(cast.alfa.rita, f"d:{n}")
        document(cast.alfa.berta, "d:berta")
        pk = Notice.objects.get(key="d:1").pk
    rita = browse(cast.alfa.agency, cast.alfa.rita.user)
    assert rita.get(at("notice_read", pk)).status_code == 405
    rita.post(at("notice_read", pk))
    with context.in_agency(cast.alfa.agency):
        assert list(Notice.objects.exclude(read_at=None).values_list("key", flat=True)) == ["d:1"]
    rita.post(at("notices_read"))
    with context.in_agency(cast.alfa.agency):
        assert list(Notice.objects.filter(read_at=None).values_list("key", flat=True)) == ["d:berta"]


def test_what_is_somebody_elses_is_not_found_and_stays_unread(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        document(cast.beta.rita, "d:x")
        document(cast.beta.rita, "d:y")  # an id that alfa has not
        foreign = Notice.objects.get(key="d:y").pk
    with context.in_agency(cast.alfa.agency):
        document(cast.alfa.rita, "d:1")
        mine = Notice.objects.get().pk
        choose(cast.alfa.rita, NoticeKind.DOCUMENT, Wish(False, False))
        document(cast.alfa.rita, "d:unlisted")
        unlisted = Notice.objects.get(key="d:unlisted").pk
    berta, rita = browse(cast.alfa.agency, cast.alfa.berta.user), browse(cast.alfa.agency, cast.alfa.rita.user)
    for browser, pk in ((berta, mine), (rita, unlisted), (rita, foreign + 100)):
        assert browser.get(at("notice", pk)).status_code == 404
        assert browser.post(at("notice_read", pk)).status_code == 404
    berta.post(at("notices_read"))
    for agency in (cast.alfa.agency, cast.beta.agency):
        with context.in_agency(agency):
            assert not Notice.objects.exclude(read_at=None).exists()


def test_who_may_not(cast: Casts, browse: Any) -> None:
    for path in (LIST, CHOICES, at("calendar_file")):
        assert_closed(browse, cast.alfa, path)


def test_an_empty_list_says_what_will_be_there(cast: Casts, browse: Any) -> None:
    page = browse(cast.alfa.agency, cast.alfa.nadie.user).get(LIST)
    assert "Todavía no tiene notificaciones" in text_of(page)
    assert "Marcar todas" not in text_of(page)


def test_queries_do_not_grow_and_pages_are_of_twenty(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        document(cast.alfa.rita, "d:0")
    rita = browse(cast.alfa.agency, cast.alfa.rita.user)
    few = len(queries_of(rita, LIST))
    with context.in_agency(cast.alfa.agency):
        Notice.objects.bulk_create(
            Notice(client=cast.alfa.rita, kind="document", key=f"n:{n}", data={"name": f"N {n}"}, created_at=NOW) for n in range(150)
        )
    assert len(queries_of(rita, LIST)) == few <= 10
    assert len(queries_of(rita, CHOICES)) <= 10
    page = rita.get(LIST)
    assert (len(tags(page, "notice")), page.context["page_obj"].paginator.num_pages) == (20, 8)
    assert ">99+</span>" in page.content.decode()
    assert len(tags(rita.get(LIST + "?page=8"), "notice")) == 11


def test_the_count_costs_other_pages_one_query(cast: Casts, browse: Any) -> None:
    rita = browse(cast.alfa.agency, cast.alfa.rita.user)
    asked = [sql for sql in queries_of(rita, "/area-de-clientes/perfil/") if "clientarea_notice" in sql]
    assert len(asked) == 1


def test_staff_looking_as_a_client_read_and_change_nothing(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        announcing.announce_invoice(cast.alfa.invoice, NOW)
        pk = Notice.objects.get().pk
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    sara.post(at("desk_view_as", cast.alfa.rita.pk))
    page = sara.get(LIST)
    assert page.status_code == 200
    assert f'href="{at("invoice", cast.alfa.invoice.pk)}"' in page.content.decode()
    assert sara.get(at("notice", pk)).status_code == 403
    assert sara.post(at("notices_read")).status_code == 403
    assert sara.post(CHOICES, {}).status_code == 403
    with context.in_agency(cast.alfa.agency):
        assert (Notice.objects.get().read_at, NoticeChoice.objects.count()) == (None, 0)


# Choices


def test_choices_are_kept_with_who_and_when(cast: Casts, browse: Any) -> None:
    rita = browse(cast.alfa.agency, cast.alfa.rita.user)
    page = text_of(rita.get(CHOICES))
    assert page.count("Siempre") == 4
    assert "Es la prueba de su pago" in page
    assert "Ley 2300 de 2023" in page
    everything = {f"{channel}_{kind}": "on" for channel in ("portal", "mail") for kind in ("invoice", "due_soon", "overdue", "payout", "document")}
    kept = {**everything, "mail_payment": "", "portal_case": ""}
    del kept["mail_overdue"], kept["portal_document"]
    answer = rita.post(CHOICES, kept)
    assert (answer.status_code, answer["Location"]) == (302, CHOICES)
    with context.in_agency(cast.alfa.agency):
        rows = {row.kind: (row.portal, row.mail) for row in NoticeChoice.objects.filter(client=cast.alfa.rita)}
        assert rows == {"overdue": (True, False), "document": (False, True)}
        told = [(c.subject, c.subject_id, c.field, c.before, c.after, c.who_id) for c in Change.objects.order_by("pk")]
        who = cast.alfa.rita.user_id
        assert told == [
            ("notices", cast.alfa.rita.pk, "overdue", "portal, correo", "portal", who),
            ("notices", cast.alfa.rita.pk, "document", "portal, correo", "correo", who),
        ]
    rita.post(CHOICES, everything)
    with context.in_agency(cast.alfa.agency):
        assert set(notices.wishes_of(cast.alfa.rita).values()) == {Wish(True, True)}
    with context.in_agency(cast.beta.agency):
        assert NoticeChoice.objects.count() == 0


# The link that ends a mail


def stop_path(cast: Cast, kind: NoticeKind = NoticeKind.DOCUMENT) -> str:
    url = notice_mail.stop_url(cast.rita, kind, cast.agency)
    return url[url.index("/correo/") :]


def test_one_click_ends_that_kind_of_mail_and_no_other(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        document(cast.alfa.rita, "d:1", letter=Letter())
        (letter,) = run_jobs("clientarea.notice_mail")
        header = letter.extra_headers["List-Unsubscribe"]
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert header.strip("<>") in letter.body
    path = header[header.index("/correo/") : -1]
    anyone = browse(cast.alfa.agency)
    page = anyone.get(path)
    assert (page.status_code, "Rita" in page.content.decode(), "correo.example" in page.content.decode()) == (200, False, False)
    with context.in_agency(cast.alfa.agency):
        assert NoticeChoice.objects.count() == 0  # opening it changes nothing: mail programs open links by themselves
    robot = type(anyone)(enforce_csrf_checks=True, headers={"host": "alfa.plataforma.test"})
    answer = robot.post(path, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, "Listo, no le enviaremos más" in text_of(answer)) == (200, True)
    with context.in_agency(cast.alfa.agency):
        assert notices.wish_of(cast.alfa.rita, NoticeKind.DOCUMENT) == Wish(True, False)
        assert notices.wish_of(cast.alfa.rita, NoticeKind.INVOICE) == Wish(True, True)
        assert document(cast.alfa.rita, "d:2", letter=Letter()) is True
        assert not Job.objects.filter(key="notice:d:2").exists()
        assert not NoticeChoice.objects.exclude(client=cast.alfa.rita).exists()


def test_a_link_of_another_agency_or_kind_ends_nothing(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        path = stop_path(cast.alfa)
        forged = signing.sign({"client": cast.alfa.rita.pk, "kind": "payment"}, purpose=notice_mail.PURPOSE)
        other = signing.sign({"client": cast.alfa.rita.pk, "kind": "document"}, purpose="payments.link")
    tries = [
        (cast.beta.agency, path), (cast.alfa.agency, at("stop_mail", forged)), (cast.alfa.agency, at("stop_mail", other)),
        (cast.alfa.agency, path[:-4] + "/"), (cast.alfa.agency, at("stop_mail", "x")),
    ]  # fmt: skip
    for agency, address in tries:
        assert browse(agency).get(address).status_code == 404
        assert browse(agency).post(address).status_code == 404
    for agency in (cast.alfa.agency, cast.beta.agency):
        with context.in_agency(agency):
            assert NoticeChoice.objects.count() == 0


def test_a_receipt_or_an_answer_carries_no_such_link(here: Cast) -> None:
    case = open_case(client=here.rita, kind="claim", subject="other", description="x", now=NOW)
    handling.answer(case, text="x", by=here.sara, now=NOW)
    say(start(here, Invoice.objects.get(pk=here.invoice.pk)))
    letters = run_jobs("pqrs.mail_client", "payments.receipt_pdf") + run_jobs("payments.receipt_mail")
    assert len(letters) == 3
    assert [letter for letter in letters if "List-Unsubscribe" in letter.extra_headers or "/correo/baja/" in letter.body] == []
