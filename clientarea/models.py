"""Whom an agency serves and what they signed: clients, units with their owners, leases.

Renter and owner are never stored: they follow from leases and units. Documents are kept as digits, phones as +57….
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from saas.lib.documents import format_document


class DocumentKind(models.TextChoices):
    """Identity documents in use in Colombia."""

    CC = "CC", _("Cédula de ciudadanía")
    CE = "CE", _("Cédula de extranjería")
    NIT = "NIT", "NIT"
    TI = "TI", _("Tarjeta de identidad")
    PA = "PA", _("Pasaporte")
    PPT = "PPT", _("Permiso por protección temporal")


class Client(models.Model):
    """A person or company that the agency serves and that may log in."""

    document_type = models.CharField(_("tipo de documento"), max_length=3, choices=DocumentKind.choices)
    document = models.CharField(_("documento"), max_length=20, unique=True)
    document_check = models.CharField(_("dígito de verificación"), max_length=1, blank=True)
    name = models.CharField(_("nombre o razón social"), max_length=200)
    email = models.EmailField(_("correo"), blank=True)
    mobile = models.CharField(_("celular"), max_length=16, blank=True)
    landline = models.CharField(_("teléfono"), max_length=16, blank=True)
    address = models.CharField(_("dirección"), max_length=200, blank=True)
    city = models.CharField(_("ciudad"), max_length=80, blank=True)
    withholding_agent = models.BooleanField(_("agente de retención"), default=False)  # withholds on the rent that it pays
    vat_liable = models.BooleanField(_("responsable de IVA"), default=True)  # as owner: whether a business rent carries IVA
    folded = models.CharField(max_length=400, blank=True, editable=False)  # name without accents, for search
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="client"
    )
    invited_at = models.DateTimeField(_("invitado"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archivado"), null=True, blank=True)  # kept, out of the lists, cannot log in
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("cliente")
        verbose_name_plural = _("clientes")
        indexes = [models.Index(fields=["email"], name="client_email")]

    def __str__(self) -> str:
        return self.name

    @property
    def full_document(self) -> str:
        """The document as people read it: `CC 1.007.975.904`, `NIT 890.903.938-8`."""
        return format_document(self.document_type, self.document, self.document_check)


class Unit(models.Model):
    """An estate that the agency manages."""

    code = models.CharField(_("código"), max_length=20, unique=True)
    kind = models.CharField(_("tipo"), max_length=40)
    address = models.CharField(_("dirección"), max_length=200)
    city = models.CharField(_("ciudad"), max_length=80)
    neighbourhood = models.CharField(_("barrio"), max_length=80, blank=True)
    stratum = models.PositiveSmallIntegerField(_("estrato"), null=True, blank=True)
    registry = models.CharField(_("matrícula inmobiliaria"), max_length=40, blank=True)
    archived_at = models.DateTimeField(_("archivado"), null=True, blank=True)  # kept, out of the lists, not leased again

    class Meta:
        verbose_name = _("inmueble")
        verbose_name_plural = _("inmuebles")

    def __str__(self) -> str:
        return f"{self.code} · {self.address}"


class Ownership(models.Model):
    """A client's share of a unit, in percent. The shares of a unit add up to 100."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="ownerships")
    owner = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="ownerships")
    share = models.DecimalField(_("participación"), max_digits=5, decimal_places=2)

    class Meta:
        verbose_name = _("propiedad")
        verbose_name_plural = _("propiedades")
        constraints = [
            models.UniqueConstraint(fields=["unit", "owner"], name="ownership_once"),
            models.CheckConstraint(condition=models.Q(share__gt=0, share__lte=100), name="ownership_share"),
        ]


class Use(models.TextChoices):
    """What a unit is rented for: housing pays no IVA."""

    HOUSING = "housing", _("Vivienda")
    BUSINESS = "business", _("Comercio")


class Lease(models.Model):
    """A rental agreement. Amounts in COP a month; commission in percent of the rent."""

    number = models.CharField(_("número"), max_length=30, unique=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="leases")
    renter = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="leases")
    co_renter = models.ForeignKey(Client, null=True, blank=True, on_delete=models.PROTECT, related_name="co_leases")
    rent = models.DecimalField(_("canon"), max_digits=14, decimal_places=2)
    administration = models.DecimalField(_("cuota de administración"), max_digits=14, decimal_places=2, default=0)
    starts_on = models.DateField(_("fecha de inicio"))
    ends_on = models.DateField(_("fecha de fin"))
    payment_day = models.PositiveSmallIntegerField(_("día de pago"))
    use = models.CharField(_("uso"), max_length=10, choices=Use.choices)
    commission = models.DecimalField(_("comisión"), max_digits=5, decimal_places=2)

    class Meta:
        verbose_name = _("contrato")
        verbose_name_plural = _("contratos")
        constraints = [
            models.CheckConstraint(condition=models.Q(rent__gte=0, administration__gte=0), name="lease_amounts"),
            models.CheckConstraint(condition=models.Q(payment_day__gte=1, payment_day__lte=31), name="lease_day"),
            models.CheckConstraint(condition=models.Q(ends_on__gte=models.F("starts_on")), name="lease_dates"),
        ]

    def __str__(self) -> str:
        return self.number


class PortalView(models.Model):
    """A page of the client area that staff opened as a client. Only ever added; the name is kept as it was then."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="portal_views")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    staff_name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("vista como cliente")
        verbose_name_plural = _("vistas como cliente")
        indexes = [models.Index(fields=["client", "-seen_at"], name="portal_view_of_client")]


class InvitationRound(models.Model):
    """Several clients invited at once: who asked for it, and when."""

    asked_by = models.CharField(_("pedida por"), max_length=200)
    asked_at = models.DateTimeField(_("pedida"))

    class Meta:
        verbose_name = _("ronda de invitaciones")
        verbose_name_plural = _("rondas de invitaciones")


class InvitationState(models.TextChoices):
    """What became of one client of a round."""

    WAITING = "waiting", _("En espera")
    SENT = "sent", _("Invitado")
    REFUSED = "refused", _("Sin invitar")


class InvitationLine(models.Model):
    """One client of a round."""

    round = models.ForeignKey(InvitationRound, on_delete=models.CASCADE, related_name="lines")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="invitation_lines")
    state = models.CharField(max_length=8, choices=InvitationState.choices, default=InvitationState.WAITING)
    reason = models.CharField(max_length=200, blank=True)  # why not, for people

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "client"], name="invitation_line_once")]


# At the end: these point to the models above.
from clientarea.book_models import (  # noqa: E402, F401
    OPEN_IMPORTS,
    WORKING,
    BookFile,
    BookFileKind,
    BookImport,
    BookLine,
    BookRecord,
    ImportState,
)
from clientarea.file_models import ClientFile, FileEvent, FileKind, FileRequest, Paper  # noqa: E402, F401
from clientarea.notice_models import CalendarFeed, Notice, NoticeChoice, NoticeKind  # noqa: E402, F401
