"""What the platform keeps of its own work, in public: figures that agencies publish, what operators did, their visits, alarms,
announcements, exports, and domains that wait to be proven. Holds no client's data and no row of an agency's money, only sums.

Rows that must outlive an agency name it by its number and slug, without a foreign key.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from saas.accounts.text_models import VersionedText, numbered


class Platform(models.Model):
    """The platform's own settings: one row."""

    needs_approval = models.BooleanField(
        _("aprobar cada registro"), default=False, help_text=_("Una inmobiliaria confirmada espera a que un operador la apruebe.")
    )

    class Meta:
        verbose_name = _("ajustes de la plataforma")
        verbose_name_plural = _("ajustes de la plataforma")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="platform_one_row")]

    def __str__(self) -> str:
        return str(_("Ajustes de la plataforma"))


class TextKind(models.TextChoices):
    """The texts of the platform that operators write."""

    TERMS = "terms", _("Términos para las inmobiliarias")
    PRIVACY = "privacy", _("Política de datos de la plataforma")
    PORTAL_TERMS = "portal_terms", _("Términos del área de clientes")
    PORTAL_PRIVACY = "portal_privacy", _("Política de datos del área de clientes")
    CONSENT = "consent", _("Autorización que aceptan los clientes")
    MAIL_CONFIRM = "mail_confirm", _("Correo: confirmar el registro")
    MAIL_READY = "mail_ready", _("Correo: el portal está listo")
    MAIL_REJECTED = "mail_rejected", _("Correo: registro no aceptado")


class PlatformText(VersionedText):
    """A version of one of the platform's texts. What comes with the program (tenants/texts/) counts until the first is published."""

    kind = models.CharField(_("cuál"), max_length=20, choices=TextKind.choices)

    class Meta:
        verbose_name = _("texto de la plataforma")
        verbose_name_plural = _("textos de la plataforma")
        constraints = [
            numbered("platform_text"),
            models.UniqueConstraint(fields=["kind", "version"], name="platform_text_version_once"),
            models.UniqueConstraint(fields=["kind"], condition=models.Q(state="draft"), name="platform_text_one_draft"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {f'versión {self.version}' if self.version else 'borrador'}"


class OperatorAct(models.Model):
    """Something that an operator did, and why. Append-only: the database refuses to alter or delete a row."""

    at = models.DateTimeField(_("fecha"), db_index=True)
    operator_id = models.BigIntegerField(null=True, blank=True)
    operator_name = models.CharField(_("operador"), max_length=200)
    agency_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    agency_slug = models.CharField(_("inmobiliaria"), max_length=40, blank=True)
    act = models.CharField(_("acción"), max_length=40)
    reason = models.TextField(_("motivo"), blank=True)
    detail = models.TextField(_("detalle"), blank=True)

    class Meta:
        verbose_name = _("acción de operador")
        verbose_name_plural = _("acciones de operadores")

    def __str__(self) -> str:
        return f"{self.act} {self.agency_slug}"


class AgencyFigures(models.Model):
    """What an agency's own job last published of it: counts and sums, never a row of a client."""

    agency = models.OneToOneField("tenants.Agency", on_delete=models.CASCADE, related_name="figures")
    clients = models.PositiveIntegerField(_("clientes"), default=0)
    leases = models.PositiveIntegerField(_("contratos"), default=0)
    collected = models.DecimalField(_("recaudado este mes"), max_digits=16, decimal_places=2, default=0)
    storage_bytes = models.BigIntegerField(_("almacenamiento"), default=0)
    mails = models.PositiveIntegerField(_("correos este mes"), default=0)
    last_activity = models.DateTimeField(_("última actividad"), null=True, blank=True)
    schema_version = models.CharField(_("versión del esquema"), max_length=150, blank=True)
    behind = models.PositiveIntegerField(_("migraciones que faltan"), default=0)
    problems = models.JSONField(_("problemas"), default=list)
    counted_at = models.DateTimeField(_("contado"))

    class Meta:
        verbose_name = _("cifras")
        verbose_name_plural = _("cifras")


class Pulse(models.Model):
    """How the jobs and callbacks of a schema are, counted for all every few minutes. `schema_name` may be public's."""

    schema_name = models.CharField(max_length=63, unique=True)
    jobs_waiting = models.PositiveIntegerField(default=0)
    jobs_late = models.PositiveIntegerField(default=0)
    jobs_dead = models.PositiveIntegerField(default=0)
    jobs_late_seconds = models.PositiveIntegerField(default=0)
    gateway_errors = models.PositiveIntegerField(default=0)
    callbacks_new = models.PositiveIntegerField(default=0)
    callbacks_settled = models.PositiveIntegerField(default=0)
    callbacks_ignored = models.PositiveIntegerField(default=0)
    callbacks_quarantined = models.PositiveIntegerField(default=0)
    callbacks_hour = models.PositiveIntegerField(default=0)
    settlement_lag_seconds = models.PositiveIntegerField(default=0)
    differences = models.PositiveIntegerField(default=0)
    signatures_wrong = models.PositiveIntegerField(default=0)  # in a row, the newest first, about our own attempts
    no_space = models.PositiveIntegerField(default=0)  # jobs of all schemas that wait for room on the disk: public's row alone
    lost_domains = models.PositiveIntegerField(default=0)  # own domains that stopped pointing here
    gone_callbacks = models.PositiveIntegerField(default=0)  # of deleted agencies, that nobody looked at: public's row alone
    kinds = models.JSONField(default=list)  # [kind, due, late, dead, error's type] of what is late or dead
    reasons = models.JSONField(default=dict)  # of the quarantine, by reason
    counted_at = models.DateTimeField()


class Alarm(models.Model):
    """Something that a person must see. Raised, and closed when it is over, by the job that counts."""

    kind = models.CharField(_("alarma"), max_length=30)
    schema_name = models.CharField(max_length=63)
    agency_slug = models.CharField(_("inmobiliaria"), max_length=40, blank=True)
    text = models.TextField(_("qué pasa"))
    raised_at = models.DateTimeField(_("desde"))
    seen_at = models.DateTimeField(_("vista por última vez"))
    closed_at = models.DateTimeField(_("terminó"), null=True, blank=True)
    taken_by = models.CharField(_("la atiende"), max_length=200, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("alarma")
        verbose_name_plural = _("alarmas")
        constraints = [
            models.UniqueConstraint(fields=["kind", "schema_name"], name="alarm_open_once", condition=models.Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class SupportVisit(models.Model):
    """An operator's visit to an agency's desk: read-only, for a time, with a reason. Its way in is used once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey("tenants.Agency", on_delete=models.CASCADE, related_name="visits")
    operator_id = models.BigIntegerField()
    operator_name = models.CharField(_("operador"), max_length=200)
    reason = models.TextField(_("motivo"))
    asked_at = models.DateTimeField(_("pedida"))
    entered_at = models.DateTimeField(_("entró"), null=True, blank=True)
    until = models.DateTimeField(_("hasta"))
    ended_at = models.DateTimeField(_("terminó"), null=True, blank=True)
    ended_by = models.CharField(_("la terminó"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("visita de soporte")
        verbose_name_plural = _("visitas de soporte")

    def __str__(self) -> str:
        return f"{self.operator_name}, {self.agency_id}"


class SupportView(models.Model):
    """One request of a visit. The path is kept without its query."""

    visit = models.ForeignKey(SupportVisit, on_delete=models.CASCADE, related_name="views")
    at = models.DateTimeField(_("fecha"))
    method = models.CharField(_("método"), max_length=7)
    path = models.CharField(_("página"), max_length=200)
    refused = models.BooleanField(_("rechazada"), default=False)

    class Meta:
        verbose_name = _("página vista en una visita")
        verbose_name_plural = _("páginas vistas en una visita")

    def __str__(self) -> str:
        return self.path


class AnnouncementLevel(models.TextChoices):
    """How loud an announcement is: the tags of the notices on the screen."""

    INFO = "info", _("Información")
    WARNING = "warning", _("Advertencia")
    ERROR = "error", _("Urgente")


class Announcement(models.Model):
    """A text on top of every page of some desks, or of all, between two moments."""

    text = models.CharField(_("texto"), max_length=300)
    level = models.CharField(_("nivel"), max_length=8, choices=AnnouncementLevel.choices, default=AnnouncementLevel.INFO)
    starts_at = models.DateTimeField(_("desde"))
    ends_at = models.DateTimeField(_("hasta"))
    agencies = models.ManyToManyField("tenants.Agency", verbose_name=_("inmobiliarias"), blank=True, help_text=_("Ninguna: todas."))

    class Meta:
        verbose_name = _("anuncio")
        verbose_name_plural = _("anuncios")
        constraints = [models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="announcement_dates")]

    def __str__(self) -> str:
        return self.text


class Dismissal(models.Model):
    """Someone of an agency's staff put an announcement away."""

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="dismissals")
    schema_name = models.CharField(max_length=63)
    user_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["announcement", "schema_name", "user_id"], name="dismissal_once")]


class ExportState(models.TextChoices):
    """Where an export is."""

    WAITING = "waiting", _("En espera")
    RUNNING = "running", _("En curso")
    READY = "ready", _("Lista")
    FAILED = "failed", _("Falló")
    GONE = "gone", _("Borrada")


class Export(models.Model):
    """An archive of an agency that was asked for. The file is in settings.EXPORTS_DIR until `expires_at`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency_id = models.BigIntegerField()
    agency_slug = models.CharField(_("inmobiliaria"), max_length=40)
    asked_by = models.CharField(_("pedida por"), max_length=200)
    asked_at = models.DateTimeField(_("pedida"))
    state = models.CharField(_("estado"), max_length=8, choices=ExportState.choices, default=ExportState.WAITING)
    step = models.CharField(_("va en"), max_length=100, blank=True)
    done_at = models.DateTimeField(_("lista desde"), null=True, blank=True)
    expires_at = models.DateTimeField(_("se borra"), null=True, blank=True)
    rows = models.PositiveIntegerField(_("filas"), default=0)
    files = models.PositiveIntegerField(_("archivos"), default=0)
    bytes = models.BigIntegerField(_("tamaño"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("exportación")
        verbose_name_plural = _("exportaciones")

    def __str__(self) -> str:
        return f"{self.agency_slug} {self.asked_at:%Y-%m-%d}"


class ClaimState(models.TextChoices):
    """Where the proof of a domain is."""

    WAITING = "waiting", _("Esperando el registro DNS")
    PROVEN = "proven", _("Comprobado")
    FAILED = "failed", _("No se comprobó a tiempo")
    LOST = "lost", _("Dejó de apuntar")


class DomainClaim(models.Model):
    """A domain that an agency says is its own, and the token that its DNS must show. Proven, it becomes a Domain."""

    agency = models.ForeignKey("tenants.Agency", on_delete=models.CASCADE, related_name="claims")
    domain = models.CharField(_("dominio"), max_length=253)
    token = models.CharField(max_length=64)
    asked_by = models.CharField(_("pedido por"), max_length=200)
    asked_at = models.DateTimeField(_("pedido"))
    checked_at = models.DateTimeField(_("revisado"), null=True, blank=True)
    state = models.CharField(_("estado"), max_length=8, choices=ClaimState.choices, default=ClaimState.WAITING)
    found = models.CharField(_("qué se encontró"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("dominio por comprobar")
        verbose_name_plural = _("dominios por comprobar")
        constraints = [
            # Two agencies may claim the same domain; the one that proves it gets it.
            models.UniqueConstraint(fields=["agency", "domain"], name="claim_once"),
        ]

    def __str__(self) -> str:
        return self.domain


class GoneState(models.TextChoices):
    """Whether an operator has looked at it."""

    WAITING = "waiting", _("Por atender")
    SEEN = "seen", _("Atendida")


class GoneCallback(models.Model):
    """What the gateway said to an agency that is deleted: how much, when and under which reference, and nothing of a person."""

    agency_id = models.BigIntegerField(db_index=True)
    agency_slug = models.CharField(_("inmobiliaria"), max_length=40)
    reference = models.CharField(_("referencia"), max_length=60)
    said = models.TextField(_("lo que dijo"))
    digest = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(_("recibida"))
    times = models.PositiveIntegerField(_("veces"), default=1)
    state = models.CharField(_("estado"), max_length=8, choices=GoneState.choices, default=GoneState.WAITING)

    class Meta:
        verbose_name = _("confirmación de una inmobiliaria eliminada")
        verbose_name_plural = _("confirmaciones de inmobiliarias eliminadas")
        constraints = [models.CheckConstraint(condition=models.Q(state__in=["waiting", "seen"]), name="gone_callback_state")]

    def __str__(self) -> str:
        return f"{self.agency_slug} {self.reference}"
