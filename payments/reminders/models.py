"""Reminders of rents: what the agency wants, and each time that a client was written to about what is owed.

Fields and constraints only. The database itself keeps to one collection message a client and day (Ley 2300 of 2023), and to
one reminder of each turn of an invoice.
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def _count(label: object, least: int, most: int, *, default: int) -> models.PositiveSmallIntegerField:
    limits = [MinValueValidator(least), MaxValueValidator(most)]
    return models.PositiveSmallIntegerField(label, default=default, validators=limits)  # type: ignore[arg-type]


class ReminderPolicy(models.Model):
    """The agency's choice, a single row (id 1). Until it chooses, nobody is reminded of anything."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    soon = models.BooleanField(_("avisar antes del vencimiento"), default=False)
    days_before = _count(_("días antes"), 1, 15, default=3)
    late = models.BooleanField(_("avisar después del vencimiento"), default=False)
    days_after = _count(_("días después"), 1, 60, default=2)
    repeat_days = _count(_("repetir cada (días)"), 3, 60, default=7)
    most = _count(_("máximo de avisos por factura vencida"), 1, 12, default=4)
    weekly = _count(_("máximo de mensajes por cliente en siete días"), 1, 3, default=2)
    soon_text = models.TextField(_("texto del aviso por vencer"), max_length=600, blank=True)
    late_text = models.TextField(_("texto del aviso de vencida"), max_length=600, blank=True)

    class Meta:
        verbose_name = _("política de recordatorios")
        verbose_name_plural = _("políticas de recordatorios")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="reminder_policy_single"),
            models.CheckConstraint(
                condition=Q(days_before__gte=1, days_before__lte=15, days_after__gte=1, days_after__lte=60), name="reminder_policy_days"
            ),
            models.CheckConstraint(
                condition=Q(repeat_days__gte=3, repeat_days__lte=60, most__gte=1, most__lte=12, weekly__gte=1, weekly__lte=3),
                name="reminder_policy_often",
            ),
        ]


class ContactState(models.TextChoices):
    """Where a message to a client is. Claimed is written down before it is sent: who finds it so never sends it again."""

    WAITING = "waiting", _("Por enviar")
    CLAIMED = "claimed", _("Enviándose")
    SENT = "sent", _("Enviado")
    LISTED = "listed", _("Solo en el portal")


class Contact(models.Model):
    """One day's message to a client about what is owed, by mail or, where no mail may be sent, in the list alone."""

    client = models.ForeignKey("clientarea.Client", on_delete=models.CASCADE, related_name="contacts")
    on = models.DateField(_("día"))
    state = models.CharField(_("estado"), max_length=7, choices=ContactState.choices)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(_("enviado"), null=True, blank=True)
    # Of who signed a lease too: the renter's contact of that day, whose reminders of that lease this one repeats.
    beside = models.ForeignKey("self", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="repeated")

    class Meta:
        verbose_name = _("mensaje de cobro")
        verbose_name_plural = _("mensajes de cobro")
        constraints = [models.UniqueConstraint(fields=["client", "on"], name="contact_once_a_day")]


class ReminderKind(models.TextChoices):
    """Before or after the due date."""

    SOON = "soon", _("Por vencer")
    LATE = "late", _("Vencida")


class Reminder(models.Model):
    """An invoice that a message reminded of: the `turn`-th time of that kind, from 1."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="reminders")
    invoice = models.ForeignKey("payments.Invoice", on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=4, choices=ReminderKind.choices)
    turn = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("recordatorio")
        verbose_name_plural = _("recordatorios")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "kind", "turn"], name="reminder_turn_once"),
            models.CheckConstraint(condition=Q(turn__gte=1), name="reminder_turn"),
        ]
