"""Work to do, as rows. A job is written in the transaction of the fact that asks for it.

PostgreSQL decides who does what and when; a Celery message only rings the bell. Losing Redis, or any process at any
moment, loses no job and does none twice that its handler has not made safe to repeat.
"""

from django.db import models


class Job(models.Model):
    """One piece of work, unique by (kind, key). Times are UTC."""

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)  # ids only, never personal data
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name = "trabajo"
        verbose_name_plural = "trabajos"
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="job_once")]
        indexes = [
            models.Index(fields=["due_at"], name="job_waiting", condition=models.Q(done_at=None, dead_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
