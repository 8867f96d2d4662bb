"""`manage.py create_operator`: an account for the superadmin. The password is typed, or read from standard input; it is
never an argument or a variable, where others could see it."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from saas.accounts.models import Role, User
from tenants import context


class Command(BaseCommand):
    """Run it once after installing, and for each new operator."""

    help = "Crea la cuenta de un operador de la plataforma."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="Correo; es también su usuario.")
        parser.add_argument("--name", required=True, help="Nombre.")

    def handle(self, *args: Any, **options: Any) -> None:
        context.leave()
        email, name = options["email"].strip().lower(), options["name"].strip()
        if User.objects.filter(username=email).exists():
            raise CommandError(f"Ya existe una cuenta con el usuario {email}.")
        password = self._password()
        try:
            validate_email(email)
            validate_password(password, User(username=email, email=email, name=name, role=Role.OPERATOR))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        User.objects.create_user(username=email, role=Role.OPERATOR, name=name, email=email, password=password)
        self.stdout.write(f"Operador creado: {email}")

    def _password(self) -> str:
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\r\n")
        first = getpass("Contraseña: ")
        if first != getpass("Repita la contraseña: "):
            raise CommandError("Las dos contraseñas no son iguales.")
        return first
