"""The agencies of the platform and how they came to be. Lives in public; holds no client's data and no money.

An agency's schema name is opaque and never changes; its slug, name and domains may. Its key names it in PayU's callback
address, so that an address of its own may lapse while money is in flight.
"""

import secrets
import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from saas.lib.documents import format_document
from tenants import platform_models as platform_models


def new_schema_name() -> str:
    """An opaque schema name: `a_` and 16 hexadecimal digits."""
    return f"a_{secrets.token_hex(8)}"


def new_agency_key() -> str:
    """The opaque key in an agency's callback address (128 random bits)."""
    return secrets.token_hex(16)


class AgencyState(models.TextChoices):
    """Where an agency is in its life."""

    CREATING = "creating", _("Creando")
    ACTIVE = "active", _("Activa")
    SUSPENDED = "suspended", _("Suspendida")
    RETIRED = "retired", _("En retiro")
    DELETED = "deleted", _("Eliminada")


class LiveAgencies(models.Manager["Agency"]):
    """The agencies that have, or will have, a schema: what is deleted is nobody's any more."""

    def get_queryset(self) -> models.QuerySet["Agency"]:
        return super().get_queryset().exclude(state=AgencyState.DELETED)


class Plan(models.TextChoices):
    """What an agency pays for. Its limits are on the agency: a plan only proposes them."""

    FREE = "free", _("Sin límites")
    SMALL = "small", _("Pequeño")
    MEDIUM = "medium", _("Mediano")
    LARGE = "large", _("Grande")


class Agency(TenantMixin):
    """A company that signed up. Its rows live in the schema `schema_name`."""

    auto_create_schema = False  # tenants.provisioning makes it
    auto_drop_schema = False

    name = models.CharField(_("nombre"), max_length=120)
    slug = models.SlugField(_("subdominio"), max_length=40, unique=True)
    nit = models.CharField("NIT", max_length=15)
    nit_check = models.CharField(_("dígito de verificación"), max_length=1)
    key = models.CharField(_("clave de confirmación"), max_length=32, unique=True, default=new_agency_key)
    state = models.CharField(_("estado"), max_length=12, choices=AgencyState.choices, default=AgencyState.CREATING)
    colour = models.CharField(_("color"), max_length=7, default="#1f5fa8")
    logo = models.CharField(_("logo"), max_length=200, blank=True)
    email = models.EmailField(_("correo"), blank=True)
    phone = models.CharField(_("teléfono"), max_length=20, blank=True)
    address = models.CharField(_("dirección"), max_length=200, blank=True)
    city = models.CharField(_("ciudad"), max_length=80, blank=True)
    welcome = models.TextField(_("presentación"), blank=True)
    # Its mails: who they are from, where an answer goes (confirmed with a code), and what stands at their foot.
    mail_name = models.CharField(_("nombre en los correos"), max_length=80, blank=True)
    reply_to = models.EmailField(_("correo para respuestas"), blank=True)
    reply_wish = models.JSONField(default=dict, blank=True)  # an address that waits for its code: email, asked_at, tries
    mail_foot = models.TextField(_("pie de los correos"), blank=True)
    pay_text = models.TextField(_("instrucciones para pagar"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    branded_at = models.DateTimeField(auto_now=True)  # versions the brand's stylesheet
    # Until then PayU may still call the address with the key before: payments that began with it are on their way.
    previous_key = models.CharField(max_length=32, blank=True, db_index=True)
    previous_key_until = models.DateTimeField(null=True, blank=True)
    plan = models.CharField(_("plan"), max_length=12, choices=Plan.choices, default=Plan.FREE)
    # What the plan allows; empty for no limit.
    max_clients = models.PositiveIntegerField(_("clientes, máximo"), null=True, blank=True)
    max_leases = models.PositiveIntegerField(_("contratos, máximo"), null=True, blank=True)
    max_storage_mb = models.PositiveIntegerField(_("almacenamiento, máximo en MB"), null=True, blank=True)
    max_mails = models.PositiveIntegerField(_("correos al mes, máximo"), null=True, blank=True)
    delete_after = models.DateTimeField(_("se elimina"), null=True, blank=True)
    own_host = models.CharField(_("dominio propio"), max_length=253, blank=True)  # where people are sent; empty for the subdomain
    support_allowed = models.BooleanField(_("permite visitas de soporte"), default=True)
    # What each page must know without asking: it travels with the row through the cache of hosts.
    closed_until = models.DateTimeField(_("en mantenimiento hasta"), null=True, blank=True)
    closed_text = models.CharField(_("texto del mantenimiento"), max_length=300, blank=True)
    notices = models.JSONField(default=list)  # announcements: id, level, text, from, until
    alarms = models.JSONField(default=list)  # its open alarms: kind and since when

    objects = LiveAgencies()
    every = models.Manager["Agency"]()

    class Meta:
        verbose_name = _("inmobiliaria")
        verbose_name_plural = _("inmobiliarias")

    def __str__(self) -> str:
        return self.name

    @property
    def full_document(self) -> str:
        """Its NIT as people read it: `NIT 890.903.938-8`."""
        return format_document("NIT", self.nit, self.nit_check)


class LostWhy(models.TextChoices):
    """What a domain lacks that was proven once."""

    RECORD = "record", _("falta el registro TXT")
    POINTS = "points", _("no apunta a la plataforma")


class Domain(DomainMixin):
    """A host at which an agency answers, without its port. The agency's own ones are looked at again and again
    (tenants/domain_watch.py)."""

    looked_at = models.DateTimeField(_("revisado"), null=True, blank=True)  # the DNS answered
    lost_since = models.DateTimeField(_("no apunta desde"), null=True, blank=True)
    lost_why = models.CharField(_("qué falta"), max_length=8, choices=LostWhy.choices, blank=True)
    told_at = models.DateTimeField(_("avisado"), null=True, blank=True)  # people are not sent here any more

    class Meta:
        verbose_name = _("dominio")
        verbose_name_plural = _("dominios")
        constraints = [
            models.CheckConstraint(name="domain_told_of_what_is_lost", condition=models.Q(told_at=None) | models.Q(lost_since__isnull=False)),
        ]


class SignupState(models.TextChoices):
    """Where a sign-up is."""

    REQUESTED = "requested", _("Solicitada")
    PENDING = "pending", _("Por aprobar")
    REJECTED = "rejected", _("Rechazada")
    CREATING = "creating", _("Creando")
    READY = "ready", _("Lista")
    FAILED = "failed", _("Falló")


class Signup(models.Model):
    """A company's request for an agency, and the progress of making it. The password is kept only as its hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency_name = models.CharField(_("inmobiliaria"), max_length=120)
    slug = models.SlugField(_("subdominio"), max_length=40)
    nit = models.CharField("NIT", max_length=15)
    nit_check = models.CharField(_("dígito de verificación"), max_length=1)
    person_name = models.CharField(_("responsable"), max_length=120)
    email = models.EmailField(_("correo"))
    password = models.CharField(max_length=128)
    terms_version = models.CharField(_("versión de los términos"), max_length=20)
    accepted_at = models.DateTimeField(_("aceptados"))
    state = models.CharField(_("estado"), max_length=12, choices=SignupState.choices, default=SignupState.REQUESTED)
    requested_at = models.DateTimeField(_("solicitada"), auto_now_add=True)
    confirmed_at = models.DateTimeField(_("confirmada"), null=True, blank=True)
    ready_at = models.DateTimeField(_("lista"), null=True, blank=True)
    steps = models.JSONField(_("pasos hechos"), default=list)
    error = models.TextField(_("error"), blank=True)
    agency = models.OneToOneField(Agency, null=True, blank=True, on_delete=models.SET_NULL, related_name="signup")

    class Meta:
        verbose_name = _("registro")
        verbose_name_plural = _("registros")
        constraints = [
            # A subdomain is held by one confirmed request; those that wait for their mail, or were rejected, do not hold it.
            models.UniqueConstraint(
                fields=["slug"], name="signup_slug_once", condition=~models.Q(state__in=["requested", "rejected"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency_name} ({self.slug})"


class Bell(models.Model):
    """A hint that a schema has work due at a time: the sweep visits only schemas whose bell rang.

    Rows are written by `saas.jobs` in the transaction of the job itself, from inside the agency, by the qualified name
    `public.tenants_bell`: the one thing an agency's transaction writes outside its schema, and it cannot read it back.
    """

    schema_name = models.CharField(max_length=63)
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "campana"
        verbose_name_plural = "campanas"
