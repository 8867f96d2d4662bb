"""Imports of the agency's book as the desk made them: the file, what became of each row, and what was written.

Part of `clientarea.models`. A record (`BookRecord`) is never changed nor deleted: it is what an undo goes by, and what the
database asks before it lets an imported payment be taken away (payments/migrations).
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ImportState(models.TextChoices):
    """Where an import is."""

    READING = "reading", _("Leyendo")
    PREVIEW = "preview", _("Por confirmar")
    APPLYING = "applying", _("Importando")
    APPLIED = "applied", _("Importado")
    UNDOING = "undoing", _("Deshaciendo")
    UNDONE = "undone", _("Deshecho")
    REFUSED = "refused", _("No se pudo usar")
    DISCARDED = "discarded", _("Descartado")


OPEN_IMPORTS = (ImportState.READING, ImportState.PREVIEW, ImportState.APPLYING, ImportState.UNDOING)
WORKING = (ImportState.READING, ImportState.APPLYING, ImportState.UNDOING)  # a job is at it


class BookImport(models.Model):
    """One workbook that somebody brought. `busy` is true while it is open: an agency has one open import at most."""

    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.READING)
    busy = models.BooleanField(null=True, default=True, unique=True)
    name = models.CharField(max_length=120)
    path = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_by_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    counts = models.JSONField(default=dict)  # by sheet: rows, created, updated, unchanged, rejected, notices
    unread = models.JSONField(default=list)  # sheets and columns that nobody asked for
    digest = models.CharField(max_length=64, blank=True)  # of everything that the preview says
    stale = models.BooleanField(default=False)  # the data changed after the first preview
    error = models.TextField(blank=True)  # for people
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by_name = models.CharField(max_length=200, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_name = models.CharField(max_length=200, blank=True)
    holding = models.JSONField(default=list)  # what an undo stumbled over, for people

    class Meta:
        verbose_name = _("importación del libro")
        verbose_name_plural = _("importaciones del libro")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(busy=True, state__in=OPEN_IMPORTS) | (Q(busy=None) & ~Q(state__in=OPEN_IMPORTS)), name="book_import_busy"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BookLine(models.Model):
    """What becomes of one row: kept for rows that do something or that somebody should look at."""

    book = models.ForeignKey(BookImport, on_delete=models.CASCADE, related_name="lines")
    sheet = models.CharField(max_length=20)
    row = models.PositiveIntegerField()
    fate = models.CharField(max_length=10)
    title = models.CharField(max_length=200)
    differences = models.JSONField(default=list)  # [what, before, after]
    problems = models.JSONField(default=list)  # [column, reason, kind]

    class Meta:
        indexes = [models.Index(fields=["book", "sheet", "fate", "row"], name="book_line_of_sheet")]


class BookRecord(models.Model):
    """Something that an import wrote: all of it if `created`, else the fields of `before`, which then said `after`."""

    book = models.ForeignKey(BookImport, on_delete=models.PROTECT, related_name="records")
    kind = models.CharField(max_length=10)
    object_id = models.BigIntegerField()
    created = models.BooleanField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["kind", "object_id"], name="book_record_of")]


class BookFileKind(models.TextChoices):
    """What a file made for somebody is."""

    EXPORT = "export", _("Libro completo")
    ERRORS = "errors", _("Libro con errores")


class BookFile(models.Model):
    """A workbook made for somebody to take away. Of each kind the newest is kept."""

    kind = models.CharField(max_length=10, choices=BookFileKind.choices)
    book = models.ForeignKey(BookImport, null=True, blank=True, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField(default=0)
    asked_by_name = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
