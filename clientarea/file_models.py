"""Files between an agency and a client: what was shared, what was asked for, what was handed in, and the papers being made.

A file is one row and one stored file of one client. Files and requests are put away, never deleted; what happened to a
request is only ever added to.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client, Lease


class FileKind(models.TextChoices):
    """What a file is."""

    LEASE = "lease", _("Contrato")
    INVENTORY = "inventory", _("Inventario")
    RECORD = "record", _("Acta")
    POLICY = "policy", _("Póliza")
    OTHER = "other", _("Otro")


class RequestState(models.TextChoices):
    """Where a request for a file stands."""

    REQUESTED = "requested", _("Por entregar")
    HANDED_IN = "in_progress", _("En revisión")
    ACCEPTED = "approved", _("Aceptado")
    REJECTED = "declined", _("Rechazado")
    WITHDRAWN = "withdrawn", _("Retirada")


# The client has something to do.
WANTED = (RequestState.REQUESTED, RequestState.REJECTED)


class FileRequest(models.Model):
    """Something that the agency asked a client to hand in: what, why and by when."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="file_requests")
    lease = models.ForeignKey(Lease, null=True, blank=True, on_delete=models.PROTECT, related_name="file_requests")
    kind = models.CharField(_("clase"), max_length=10, choices=FileKind.choices)
    title = models.CharField(_("documento"), max_length=120)
    why = models.CharField(_("para qué"), max_length=500)
    due_on = models.DateField(_("fecha límite"))
    state = models.CharField(_("estado"), max_length=12, choices=RequestState.choices, default=RequestState.REQUESTED)
    asked_at = models.DateTimeField(_("solicitado"))

    class Meta:
        verbose_name = _("solicitud de documento")
        verbose_name_plural = _("solicitudes de documentos")
        ordering = ["due_on", "pk"]
        constraints = [models.CheckConstraint(condition=models.Q(state__in=RequestState.values), name="file_request_state")]
        indexes = [models.Index(fields=["state", "due_on"], name="file_request_waiting")]

    def __str__(self) -> str:
        return self.title


class FileEvent(models.Model):
    """Who did what to a request, and when; `text` is a reason or a remark. Only ever added."""

    request = models.ForeignKey(FileRequest, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=12, choices=RequestState.choices)
    text = models.CharField(max_length=500, blank=True)
    by_staff = models.BooleanField()
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(state="declined", text=""), name="file_event_reason"),
            models.CheckConstraint(condition=models.Q(state="in_progress") ^ models.Q(by_staff=True), name="file_event_by"),
        ]


class ClientFile(models.Model):
    """A file of a client: shared by the agency, or handed in with an `event` of a request. `path` is random."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="files")
    lease = models.ForeignKey(Lease, null=True, blank=True, on_delete=models.PROTECT, related_name="files")
    event = models.ForeignKey(FileEvent, null=True, blank=True, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(_("clase"), max_length=10, choices=FileKind.choices)
    title = models.CharField(_("título"), max_length=120)
    expires_on = models.DateField(_("vence"), null=True, blank=True)
    name = models.CharField(max_length=120)
    path = models.CharField(max_length=100, unique=True)
    content_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)  # the name, as it was then
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("documento")
        verbose_name_plural = _("documentos")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(content_type__in=["image/jpeg", "image/png", "application/pdf"]), name="client_file_type"
            ),
            models.CheckConstraint(condition=models.Q(event=None) | models.Q(archived_at=None), name="client_file_handed_in_stays"),
        ]

    def __str__(self) -> str:
        return self.title


class PaperState(models.TextChoices):
    """Where a paper stands."""

    WAITING = "waiting", _("En preparación")
    MADE = "made", _("Listo")
    FAILED = "failed", _("No se pudo preparar")


class Paper(models.Model):
    """A long paper that a worker makes of a client's data, kept for a while. `key` says of what, and of which version of it."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="papers")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    asked = models.JSONField(default=dict)  # ids and dates, never personal data
    name = models.CharField(max_length=120)  # of the file
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=PaperState.choices, default=PaperState.WAITING)
    tries = models.PositiveSmallIntegerField(default=1)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)
    path = models.CharField(max_length=100, blank=True)
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("documento en preparación")
        verbose_name_plural = _("documentos en preparación")
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="paper_once"),
            models.CheckConstraint(
                condition=models.Q(state="made", made_at__isnull=False) & ~models.Q(path="")
                | ~models.Q(state="made") & models.Q(made_at=None, path=""),
                name="paper_made",
            ),
        ]
