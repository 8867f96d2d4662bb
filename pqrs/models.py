"""Petitions, complaints, claims and suggestions. A case is numbered at once, without gaps, per agency and year.

What the client may read is a Message; what only staff may read is a Note, a table of its own so that no page of the client can
show one by mistake. What happened is a CaseEvent, which the database itself refuses to change.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client, Lease, Unit


class CaseKind(models.TextChoices):
    """The four letters of PQRS, and the requests that the law gives a term of their own."""

    PETITION = "petition", _("Petición")
    COMPLAINT = "complaint", _("Queja")
    CLAIM = "claim", _("Reclamo")
    SUGGESTION = "suggestion", _("Sugerencia")
    DOCUMENTS = "documents", _("Petición de documentos")
    ENQUIRY = "enquiry", _("Consulta")
    DATA_CLAIM = "data_claim", _("Reclamo de datos personales")
    DATA_QUERY = "data_query", _("Consulta de datos personales")


class CaseSubject(models.TextChoices):
    """What it is about."""

    GENERAL = "general", _("Información general")
    LEGAL = "legal", _("Jurídico")
    PAYMENTS = "payments", _("Pagos")
    REPAIRS = "repairs", _("Reparaciones")
    UTILITIES = "utilities", _("Servicios públicos")
    TERMINATION = "termination", _("Terminación de contrato")
    OTHER = "other", _("Otros")


class CaseState(models.TextChoices):
    """Where a case is. Which may follow which: MOVES in pqrs/cases.py."""

    PENDING = "pending", _("Pendiente")
    IN_PROGRESS = "in_progress", _("En trámite")
    ANSWERED = "answered", _("Respondida")
    CLOSED = "closed", _("Cerrada")
    REOPENED = "reopened", _("Reabierta")


OPEN_STATES = (CaseState.PENDING, CaseState.IN_PROGRESS, CaseState.REOPENED)


class Channel(models.TextChoices):
    """How a case arrived."""

    PORTAL = "portal", _("Área de clientes")
    PHONE = "phone", _("Teléfono")
    DESK = "desk", _("En la oficina")
    EMAIL = "email", _("Correo")
    LETTER = "letter", _("Carta")


class CaseTerm(models.Model):
    """An agency's own term for a kind, in business days; without a row it is the law's (pqrs/deadlines.py)."""

    kind = models.CharField(max_length=10, choices=CaseKind.choices, primary_key=True)
    days = models.PositiveSmallIntegerField(_("días hábiles para responder"))
    extra_days = models.PositiveSmallIntegerField(_("días hábiles de prórroga"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(days__gte=1, days__lte=60), name="term_days"),
            # An extended term is at most double.
            models.CheckConstraint(condition=models.Q(extra_days__lte=models.F("days")), name="term_at_most_double"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.days}+{self.extra_days}"


class CaseCounter(models.Model):
    """The last number given in a year; locked while one is taken."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    value = models.PositiveIntegerField(default=0)


class Case(models.Model):
    """One PQRS. `number` is the radicado, `2026-000123`. Days are business days."""

    number = models.CharField(_("radicado"), max_length=11, unique=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(_("clasificación"), max_length=10, choices=CaseKind.choices)
    subject = models.CharField(_("asunto"), max_length=12, choices=CaseSubject.choices)
    state = models.CharField(_("estado"), max_length=12, choices=CaseState.choices, default=CaseState.PENDING)
    description = models.TextField(_("descripción"), max_length=5000)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="cases")
    lease = models.ForeignKey(Lease, null=True, blank=True, on_delete=models.PROTECT, related_name="cases")
    channel = models.CharField(_("canal"), max_length=8, choices=Channel.choices, default=Channel.PORTAL)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="assigned_cases"
    )
    opened_at = models.DateTimeField(_("fecha de inicio"))
    received_on = models.DateField(_("recibida"))  # the term runs from the day after
    due_on = models.DateField(_("vence"))
    extended = models.BooleanField(default=False)  # this term; a reopened case has a new one
    answered_at = models.DateTimeField(_("última respuesta"), null=True, blank=True)
    # The first answer, for the report: kept as it was when given.
    first_answered_on = models.DateField(null=True, blank=True)
    first_answer_days = models.PositiveSmallIntegerField(null=True, blank=True)
    first_answer_in_time = models.BooleanField(null=True, blank=True)
    rating = models.PositiveSmallIntegerField(_("calificación"), null=True, blank=True)
    rating_comment = models.TextField(max_length=1000, blank=True)
    rated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "PQRS"
        verbose_name_plural = "PQRS"
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["client", "-opened_at"], name="case_of_client"),
            models.Index(fields=["due_on"], name="case_open_due", condition=models.Q(state__in=["pending", "in_progress", "reopened"])),
            models.Index(fields=["received_on"], name="case_received"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rating=None, rated_at=None) | models.Q(rating__gte=1, rating__lte=5, rated_at__isnull=False),
                name="case_rating",
            ),
            models.CheckConstraint(
                condition=models.Q(first_answered_on=None, first_answer_days=None, first_answer_in_time=None)
                | models.Q(first_answered_on__isnull=False, first_answer_days__isnull=False, first_answer_in_time__isnull=False),
                name="case_first_answer",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Purpose(models.TextChoices):
    """What an entry of the thread is."""

    MESSAGE = "message", _("Mensaje")
    ANSWER = "answer", _("Respuesta")
    EXTENSION = "extension", _("Aviso de prórroga")
    CLOSING = "closing", _("Cierre")


class Message(models.Model):
    """One entry of a case's thread, which the client reads."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    from_staff = models.BooleanField(default=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.MESSAGE)
    author = models.CharField(max_length=200)
    text = models.TextField(max_length=5000)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at", "pk"]


class Note(models.Model):
    """What staff write for each other. The client never sees it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    author = models.CharField(max_length=200)
    text = models.TextField(max_length=5000)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at", "pk"]


class Attachment(models.Model):
    """A file of a case: of its description when `message` is empty. `path` is random; `name` is what people read."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="attachments")
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=120)
    path = models.CharField(max_length=100, unique=True)
    content_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(content_type__in=["image/jpeg", "image/png", "application/pdf"]), name="attachment_type"
            )
        ]


class EventKind(models.TextChoices):
    """What can happen to a case."""

    OPENED = "opened", _("Radicada")
    MOVED = "moved", _("Cambio de estado")
    WROTE = "wrote", _("Mensaje")
    EXTENDED = "extended", _("Prórroga")
    ASSIGNED = "assigned", _("Asignación")
    RATED = "rated", _("Calificación")


class CaseEvent(models.Model):
    """Who did what to a case, and when. Only ever added: a trigger refuses to change or delete one."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=EventKind.choices)
    from_state = models.CharField(max_length=12, choices=CaseState.choices, blank=True)
    to_state = models.CharField(max_length=12, choices=CaseState.choices, blank=True)
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200)
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]


class CannedAnswer(models.Model):
    """A text that staff answer with. May hold {nombre}, {radicado}, {clasificacion}, {asunto}, {inmueble} and {vence}."""

    title = models.CharField(_("título"), max_length=80, unique=True)
    text = models.TextField(_("texto"), max_length=5000)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title
