"""Petitions, complaints, claims and suggestions. A case is numbered at once, without gaps, per agency and year."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client, Lease, Unit


class CaseKind(models.TextChoices):
    """The four letters of PQRS."""

    PETITION = "petition", _("Petición")
    COMPLAINT = "complaint", _("Queja")
    CLAIM = "claim", _("Reclamo")
    SUGGESTION = "suggestion", _("Sugerencia")


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
    """Where a case is."""

    PENDING = "pending", _("Pendiente")
    IN_PROGRESS = "in_progress", _("En trámite")
    ANSWERED = "answered", _("Respondida")
    CLOSED = "closed", _("Cerrada")
    REOPENED = "reopened", _("Reabierta")


OPEN_STATES = (CaseState.PENDING, CaseState.IN_PROGRESS, CaseState.REOPENED)


class CaseCounter(models.Model):
    """The last number given in a year; locked while one is taken."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    value = models.PositiveIntegerField(default=0)


class Case(models.Model):
    """One PQRS. `number` is the radicado, `2026-000123`."""

    number = models.CharField(_("radicado"), max_length=11, unique=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(_("clasificación"), max_length=10, choices=CaseKind.choices)
    subject = models.CharField(_("asunto"), max_length=12, choices=CaseSubject.choices)
    state = models.CharField(_("estado"), max_length=12, choices=CaseState.choices, default=CaseState.PENDING)
    description = models.TextField(_("descripción"), max_length=5000)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="cases")
    lease = models.ForeignKey(Lease, null=True, blank=True, on_delete=models.PROTECT, related_name="cases")
    opened_at = models.DateTimeField(_("fecha de inicio"))
    due_on = models.DateField(_("vence"))

    class Meta:
        verbose_name = "PQRS"
        verbose_name_plural = "PQRS"
        ordering = ["-opened_at", "-pk"]

    def __str__(self) -> str:
        return self.number


class Message(models.Model):
    """One entry of a case's thread."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    from_staff = models.BooleanField(default=False)
    author = models.CharField(max_length=200)
    text = models.TextField(max_length=5000)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at", "pk"]
