"""Who may log in. One table in each schema: staff and clients in their agency's, operators in public.

A user is never shared between schemas; the same person in two agencies has two accounts that know nothing of each other.
"""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Which door a user comes in by."""

    CLIENT = "client", _("Cliente")
    STAFF = "staff", _("Equipo")
    OPERATOR = "operator", _("Operador")


class UserManager(BaseUserManager["User"]):
    """Creates users with their password hashed."""

    def create_user(self, *, username: str, role: Role, name: str, email: str = "", password: str | None = None) -> "User":
        """A new user; without a password the account waits for its activation link."""
        user = self.model(username=username.strip().lower(), role=role, name=name, email=email.strip().lower())
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser):
    """An account. `username` is the *usuario*: document digits for clients, e-mail for staff and operators."""

    username = models.CharField(_("usuario"), max_length=254, unique=True)
    email = models.EmailField(_("correo"), blank=True, db_index=True)
    name = models.CharField(_("nombre"), max_length=200)
    role = models.CharField(_("rol"), max_length=10, choices=Role.choices)
    is_active = models.BooleanField(_("activo"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects = UserManager()

    class Meta:
        verbose_name = _("usuario")
        verbose_name_plural = _("usuarios")
        constraints = [
            models.CheckConstraint(condition=models.Q(username=Lower("username")), name="user_username_lower"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    # What Django's admin asks. Only operators have one, and only in public: an agency's urls do not hold it.
    @property
    def is_staff(self) -> bool:
        return self.role == Role.OPERATOR

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.role == Role.OPERATOR

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.role == Role.OPERATOR
