"""What a client is told of, and how each wants to be told: notices, choices by kind, and the address of a calendar.

Fields and constraints only; clientarea/notices.py writes them. A notice keeps what it is about (`data`), not sentences, so
that it is read in whatever language the page is. Its link is a path of the client area and nothing else.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

PORTAL_PATH = "/area-de-clientes/"


class NoticeKind(models.TextChoices):
    """What a notice is about."""

    INVOICE = "invoice", _("Factura nueva")
    DUE_SOON = "due_soon", _("Factura por vencer")
    OVERDUE = "overdue", _("Factura vencida")
    PAYMENT = "payment", _("Pago recibido")
    PAYOUT = "payout", _("Giro al propietario")
    CASE = "case", _("Respuesta a una PQRS")
    DOCUMENT = "document", _("Documento compartido")


class Notice(models.Model):
    """Something that one client was told, once by `key`. Unlisted: the client chose not to see this kind in the list."""

    client = models.ForeignKey("clientarea.Client", on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(_("tipo"), max_length=10, choices=NoticeKind.choices)
    key = models.CharField(max_length=100, unique=True)
    data = models.JSONField(default=dict)
    link = models.CharField(max_length=200, blank=True)
    listed = models.BooleanField(default=True)
    created_at = models.DateTimeField(_("fecha"))
    read_at = models.DateTimeField(_("leída"), null=True, blank=True)

    class Meta:
        verbose_name = _("notificación")
        verbose_name_plural = _("notificaciones")
        ordering = ["-created_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(link="") | Q(link__startswith=PORTAL_PATH), name="notice_link_inside")]
        indexes = [
            models.Index(fields=["client", "-created_at", "-id"], name="notice_of_client", condition=Q(listed=True)),
            models.Index(fields=["client"], name="notice_unread", condition=Q(listed=True, read_at=None)),
        ]


class NoticeChoice(models.Model):
    """How a client wants to be told of a kind. Without a row: in the list and by mail."""

    client = models.ForeignKey("clientarea.Client", on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    portal = models.BooleanField(default=True)
    mail = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("preferencia de notificación")
        verbose_name_plural = _("preferencias de notificación")
        constraints = [models.UniqueConstraint(fields=["client", "kind"], name="notice_choice_once")]


class CalendarFeed(models.Model):
    """A client's address for calendar programs: `code` is in its signature, so that a new code ends the old address."""

    client = models.OneToOneField("clientarea.Client", on_delete=models.CASCADE, related_name="calendar_feed")
    code = models.CharField(max_length=32)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("calendario suscrito")
        verbose_name_plural = _("calendarios suscritos")
