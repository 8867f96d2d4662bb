"""`manage.py reset_second_factor`: for an operator who lost the second factor. It is taken away and the sessions end; the
superadmin asks for a new one at the next login. Whoever runs it has checked who is asking."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from saas.accounts import sessions
from saas.accounts.models import Role, User
from tenants import context


class Command(BaseCommand):
    """For whoever has the server's console."""

    help = "Quita el segundo paso de un operador que lo perdió y cierra sus sesiones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="Correo del operador.")

    def handle(self, *args: Any, **options: Any) -> None:
        context.leave()
        user = User.objects.filter(username=options["email"].strip().lower(), role=Role.OPERATOR).first()
        if user is None:
            raise CommandError("No hay un operador con ese correo.")
        with transaction.atomic():
            Authenticator.objects.filter(user=user).delete()
            sessions.end_all_sessions(user)
        self.stdout.write(f"Segundo paso quitado: {user.username}")
