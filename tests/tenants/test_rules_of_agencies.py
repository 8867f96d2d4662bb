"""What operators set for agencies: limits that the desk keeps, maintenance, announcements, another key; and what a sign-up is refused
for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from clientarea.invitations import begin_round
from clientarea.models import Client, InvitationRound, Lease
from saas.accounts.models import Role, StaffRole, User
from saas.jobs.models import Job
from saas.lib import clock
from tenants import abuse, announcements, context, hosts, limits, own
from tenants.models import Agency, Signup
from tenants.platform_models import AgencyFigures, Announcement, OperatorAct, Platform
from tenants.signup import forget_unconfirmed
from tests.tenants.steps import a_signup, link_in_mail, run_jobs, typed
from tests.tenants.superadmin import an_operator, do
from tests.world import NOW, Cast, Casts

BODY = "reference_sale=P1-X&state_pol=4&value=1.00&currency=COP&sign=x&merchant_id=1&transaction_id=t"
CLIENT = {
    "document_type": "CC", "document": "52888999", "name": "Clara Nueva Ruiz", "email": "", "mobile": "", "landline": "", "address": "",
    "city": "",
}  # fmt: skip


@pytest.fixture
def olga(db: None, browse: Any) -> Browser:
    return browse(None, an_operator())  # type: ignore[no-any-return]


def limited(agency: Agency, **values: Any) -> Agency:
    Agency.objects.filter(pk=agency.pk).update(**values)
    hosts.forget(agency)
    return Agency.objects.get(pk=agency.pk)


# Plans and limits


def test_a_plan_proposes_its_limits_and_an_agency_may_have_others(here: Cast, olga: Browser) -> None:
    do(olga, "plan", here.agency, plan="small", max_clients="250", max_leases="", max_storage_mb="", max_mails="")
    agency = Agency.objects.get(pk=here.agency.pk)
    assert (agency.plan, agency.max_clients, agency.max_leases, agency.max_storage_mb, agency.max_mails) == ("small", 250, 150, 2000, 3000)
    assert OperatorAct.objects.get().detail == (
        "plan: free → small, max_clients: None → 250, max_leases: None → 150, max_storage_mb: None → 2000, max_mails: None → 3000"
    )


def test_the_desk_keeps_the_limit_of_clients(here: Cast, cast: Casts, browse: Any) -> None:
    limited(here.agency, max_clients=4)
    answer = browse(here.agency, here.sara).post("/oficina/clientes/nuevo/", CLIENT)
    assert answer.status_code == 422
    assert "Su plan permite hasta 4 clientes activos y ya hay 4." in answer.content.decode()
    with context.in_agency(here.agency):
        assert Client.objects.count() == 4
        Client.objects.filter(pk=here.nadie.pk).update(archived_at=NOW)
    sara = browse(here.agency, here.sara)
    assert sara.post("/oficina/clientes/nuevo/", CLIENT).status_code == 302
    answer = sara.post(f"/oficina/clientes/{here.nadie.pk}/restaurar/")
    assert (answer.status_code, "Llegó al límite de su plan" in answer.content.decode()) == (403, True)
    assert browse(cast.beta.agency, cast.beta.sara).post("/oficina/clientes/nuevo/", CLIENT).status_code == 302


def test_the_limits_of_leases_mails_and_files(here: Cast) -> None:
    agency = limited(here.agency, max_leases=2, max_mails=10, max_storage_mb=5)
    AgencyFigures.objects.create(agency=agency, mails=8, storage_bytes=5 * limits.MB, counted_at=NOW)
    with context.in_agency(agency):
        from clientarea import estate

        values = {"number": "CA-9", "unit_id": here.lease.unit_id, "starts_on": clock.today(), "ends_on": clock.today()}
        with pytest.raises(limits.LimitReached, match="hasta 2 contratos vigentes y ya hay 2"):
            estate.create_lease(values)
        assert Lease.objects.count() == 2
        with pytest.raises(limits.LimitReached, match="hasta 10 correos al mes y ya se enviaron 8"):
            begin_round(Client.objects.all(), asked_by="Sara", now=NOW)
        assert InvitationRound.objects.count() == 0
        assert begin_round(Client.objects.filter(pk__in=[here.rita.pk, here.oscar.pk]), asked_by="Sara", now=NOW) is not None
        with pytest.raises(limits.LimitReached, match="hasta 5 MB"):
            limits.check_storage(1)
    assert own.fresh(agency).logo == ""


# Maintenance


def test_pages_rest_and_callbacks_come_in(here: Cast, cast: Casts, olga: Browser, browse: Any, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        do(olga, "mantenimiento", here.agency, minutes=30, text="Cambiamos de casa.", reason="Migración")
    page = browse(here.agency).get("/")
    assert page.status_code == 503
    assert 1700 < int(page["Retry-After"]) <= 1800
    assert "Cambiamos de casa." in page.content.decode()
    assert "m.." not in page.content.decode()  # the hour ends in a point of its own
    assert browse(cast.beta.agency).get("/").status_code == 200
    answer = browse(None).post(f"/payu/{here.agency.key}/confirmacion/", BODY, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    with context.in_agency(here.agency):
        assert Job.objects.filter(kind="payments.settle").count() == 1
    for path in ("/livez", "/readyz"):
        assert browse(here.agency).get(path).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        do(olga, "mantenimiento", here.agency, minutes=0, text="")
    assert browse(here.agency).get("/").status_code == 200
    assert list(OperatorAct.objects.order_by("pk").values_list("act", flat=True)) == ["poner en mantenimiento", "terminar mantenimiento"]


def test_all_agencies_rest_at_once_and_it_ends_by_itself(cast: Casts, olga: Browser, browse: Any, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        do(olga, "mantenimiento", cast.alfa.agency, cast.beta.agency, minutes=30, text="")
    assert [browse(agency).get("/").status_code for agency in (cast.alfa.agency, cast.beta.agency)] == [503, 503]
    assert browse(None).get("/").status_code == 200
    for agency in (cast.alfa.agency, cast.beta.agency):
        limited(agency, closed_until=clock.now() - timedelta(seconds=1))
    assert [browse(agency).get("/").status_code for agency in (cast.alfa.agency, cast.beta.agency)] == [200, 200]


# Announcements


def announced(olga: Browser, text: str, *agencies: Agency, begins: timedelta = -timedelta(hours=1), level: str = "info") -> Any:
    starts, ends = clock.local(clock.now() + begins), clock.local(clock.now() + timedelta(days=1))
    sent = {
        "text": text, "level": level, "starts_at_0": f"{starts:%d/%m/%Y}", "starts_at_1": f"{starts:%H:%M:%S}", "ends_at_0": f"{ends:%d/%m/%Y}",
        "ends_at_1": f"{ends:%H:%M:%S}", "agencies": [agency.pk for agency in agencies],
    }  # fmt: skip
    return olga.post("/superadmin/tenants/announcement/add/", sent)


def test_desks_hear_what_is_for_them_until_each_puts_it_away(
    cast: Casts, olga: Browser, browse: Any, django_capture_on_commit_callbacks: Any
) -> None:
    alfa, beta = cast.alfa, cast.beta
    with django_capture_on_commit_callbacks(execute=True):
        assert announced(olga, "Para todos").status_code == 302
        assert announced(olga, "Solo beta", beta.agency, level="error").status_code == 302
        assert announced(olga, "Mañana", begins=timedelta(hours=20)).status_code == 302
    here, there = browse(alfa.agency, alfa.sara), browse(beta.agency, beta.sara)

    def heard(browser: Browser) -> list[str]:
        page = browser.get("/oficina/").content.decode()
        return [text for text in ("Para todos", "Solo beta", "Mañana") if text in page]

    assert (heard(here), heard(there)) == (["Para todos"], ["Para todos", "Solo beta"])
    assert "Para todos" not in browse(alfa.agency, alfa.rita.user).get("/area-de-clientes/").content.decode()
    to_all, to_beta = Announcement.objects.get(text="Para todos"), Announcement.objects.get(text="Solo beta")
    assert here.post(f"/oficina/anuncios/{to_all.pk}/descartar/").status_code == 302
    here.post(f"/oficina/anuncios/{to_beta.pk}/descartar/")  # not known here
    assert (heard(here), heard(there)) == ([], ["Para todos", "Solo beta"])
    assert to_beta.dismissals.count() == 0
    with context.in_agency(alfa.agency):
        other = User.objects.create_user(username="otra@alfa.example", role=Role.STAFF, name="Otra", staff_role=StaffRole.SERVICE, password="x")
    assert heard(browse(alfa.agency, other)) == ["Para todos"]
    with django_capture_on_commit_callbacks(execute=True):
        olga.post(f"/superadmin/tenants/announcement/{to_all.pk}/delete/", {"post": "yes"})
    assert heard(there) == ["Solo beta"]
    assert OperatorAct.objects.filter(act="anuncio").count() == 3


def test_a_page_without_announcements_asks_nothing_more(cast: Casts, browse: Any, django_assert_num_queries: Any) -> None:
    request = type("R", (), {"agency": cast.alfa.agency, "user": cast.alfa.sara})()
    with django_assert_num_queries(0):
        assert announcements.shown(request) == []


# The key


def test_another_key_and_the_one_before_is_heard_for_a_while(here: Cast, olga: Browser, browse: Any, django_capture_on_commit_callbacks: Any) -> None:
    before = here.agency.key

    def post(key: str) -> int:
        return int(browse(None).post(f"/payu/{key}/confirmacion/", BODY, content_type="application/x-www-form-urlencoded").status_code)

    with django_capture_on_commit_callbacks(execute=True):
        do(olga, "cambiar-clave", here.agency, reason="Se filtró")
    after = Agency.objects.get(pk=here.agency.pk).key
    assert after != before
    assert (post(after), post(before), post("0" * 32)) == (200, 200, 404)
    assert before not in OperatorAct.objects.get().detail
    assert "cambió hace poco" in do(olga, "cambiar-clave", here.agency).content.decode()
    limited(here.agency, previous_key_until=clock.now() - timedelta(seconds=1))
    hosts.forget_names([f"key:{before}"], here.agency.schema_name)
    assert (post(after), post(before)) == (200, 404)


# Sign-ups


def test_addresses_that_are_thrown_away_are_refused(db: None, browse: Any) -> None:
    for email in ("a@yopmail.com", "a@x.mailinator.com", "A@GuerrillaMail.com"):
        assert abuse.is_disposable(email)
    for email in ("a@gmail.com", "a@notyopmail.com", "a@inmobiliaria.com.co"):
        assert not abuse.is_disposable(email)
    lines = abuse.LIST.read_text(encoding="utf-8").splitlines()[1:]
    assert lines == sorted(set(lines))
    visitor = browse(None)
    page = visitor.post("/registro/", typed(visitor, email="a@yopmail.com"))
    assert "Use un correo permanente de su inmobiliaria" in page.content.decode()
    assert Signup.objects.count() == 0


def test_too_many_of_an_address_or_of_a_domain(db: None) -> None:
    for n in range(3):
        a_signup(f"uno-{n}", email="ana@casa.example", state="requested")
    with pytest.raises(abuse.Abuse, match="varios enlaces a ese correo"):
        abuse.check("Ana@casa.example", now=clock.now())
    abuse.check("otra@casa.example", now=clock.now())
    for n in range(7):
        a_signup(f"dos-{n}", email=f"x{n}@casa.example", state="requested")
        a_signup(f"tres-{n}", email=f"x{n}@gmail.com", state="requested")
    with pytest.raises(abuse.Abuse, match="de ese dominio"):
        abuse.check("otra@casa.example", now=clock.now())
    for n in range(4):
        a_signup(f"cuatro-{n}", email=f"y{n}@gmail.com", state="requested")
    abuse.check("otra@gmail.com", now=clock.now())
    abuse.check("ana@casa.example", now=clock.now() + timedelta(days=1, seconds=1))


def test_unconfirmed_ones_are_forgotten_after_two_days(db: None, browse: Any) -> None:
    visitor = browse(None)
    visitor.post("/registro/", typed(visitor))
    signup = Signup.objects.get()
    job = Job.objects.get(kind="tenants.drop_signup")
    assert timedelta(hours=47, minutes=59) < job.due_at - clock.now() <= timedelta(hours=48)
    assert forget_unconfirmed(str(signup.pk), now=clock.now()) is False
    assert forget_unconfirmed(str(signup.pk), now=clock.now() + timedelta(hours=48)) is True
    assert Signup.objects.count() == 0
    confirmed = a_signup()
    assert forget_unconfirmed(str(confirmed.pk), now=clock.now() + timedelta(days=9)) is False


def test_an_operator_rejects_a_sign_up(db: None, olga: Browser, browse: Any, mailoutbox: Any) -> None:
    Platform.objects.create(pk=1, needs_approval=True)
    visitor = browse(None)
    visitor.post("/registro/", typed(visitor))
    assert run_jobs() == ["tenants.mail_confirm"]
    state = visitor.post(link_in_mail())["Location"]
    signup = Signup.objects.get()
    assert "1 registro por aprobar" in olga.get("/superadmin/").content.decode()
    do(olga, "rechazar", signup, reason="El NIT no es suyo")
    assert run_jobs() == ["tenants.mail_rejected"]
    assert "Motivo: El NIT no es suyo" in mailoutbox[-1].body
    assert "No aceptamos este registro" in visitor.get(state).content.decode()
    assert not Agency.every.filter(slug="nandu-bogota").exists()
    assert do(olga, "aprobar", signup).status_code == 422
    again = browse(None)
    assert again.get("/registro/disponible/", {"slug": "nandu-bogota"}).content.decode().count("ocupado") == 0
