"""Who may log in. One table in each schema: staff and clients in their agency's, operators in public.

A user is never shared between schemas; the same person in two agencies has two accounts that know nothing of each other.
"""

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from saas.lib.refusals import Refusal


class Role(models.TextChoices):
    """Which door a user comes in by."""

    CLIENT = "client", _("Cliente")
    STAFF = "staff", _("Equipo")
    OPERATOR = "operator", _("Operador")


class StaffRole(models.TextChoices):
    """What someone of the staff may do at the desk. Everybody may look; doors say who may act."""

    HEAD = "head", _("Dueño")
    COLLECTIONS = "collections", _("Cartera")
    SERVICE = "service", _("Servicio")
    VIEWER = "viewer", _("Consulta")


class UserManager(BaseUserManager["User"]):
    """Creates users with their password hashed."""

    def create_user(
        self, *, username: str, role: Role, name: str, email: str = "", password: str | None = None,
        staff_role: StaffRole = StaffRole.HEAD,
    ) -> "User":  # fmt: skip
        """A new user; without a password the account waits for its activation link. `staff_role` counts for staff alone."""
        user = self.model(
            username=username.strip().lower(), role=role, name=name, email=email.strip().lower(),
            staff_role=staff_role if role == Role.STAFF else "",
        )  # fmt: skip
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
    staff_role = models.CharField(_("cargo"), max_length=12, choices=StaffRole.choices, blank=True)
    language = models.CharField(_("idioma"), max_length=5, choices=settings.LANGUAGES, blank=True)  # empty: none was chosen
    is_active = models.BooleanField(_("activo"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    # Whether the last link to activate was opened, and whether mail to the address is refused or comes back (saas/accounts/bounces.py).
    link_opened_at = models.DateTimeField(null=True, blank=True)
    mail_refused_at = models.DateTimeField(null=True, blank=True)
    mail_refused_for = models.CharField(max_length=8, choices=Refusal.choices, blank=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects = UserManager()

    class Meta:
        verbose_name = _("usuario")
        verbose_name_plural = _("usuarios")
        constraints = [
            models.CheckConstraint(condition=models.Q(username=Lower("username")), name="user_username_lower"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
            models.CheckConstraint(
                condition=models.Q(role="staff", staff_role__in=StaffRole.values) | (~models.Q(role="staff") & models.Q(staff_role="")),
                name="user_staff_role",
            ),
            models.CheckConstraint(condition=models.Q(language__in=["", *dict(settings.LANGUAGES)]), name="user_language_known"),
            models.CheckConstraint(
                condition=models.Q(mail_refused_for="") | models.Q(mail_refused_for__in=Refusal.values, mail_refused_at__isnull=False),
                name="user_refusal_known",
            ),
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


class Consent(models.Model):
    """A person accepted a version of the text on personal data (Ley 1581 de 2012). Kept for good, one row a version."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents")
    version = models.CharField(_("versión"), max_length=20)
    accepted_at = models.DateTimeField(_("aceptado"))
    ip = models.GenericIPAddressField(_("dirección IP"), null=True, blank=True)

    class Meta:
        verbose_name = _("autorización")
        verbose_name_plural = _("autorizaciones")
        constraints = [models.UniqueConstraint(fields=["user", "version"], name="consent_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.version}"


class EmailCode(models.Model):
    """A new e-mail that waits for the code sent to it. The code is kept hashed; one row a user, the newest wish."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="email_code")
    email = models.EmailField(_("correo nuevo"))
    asked_at = models.DateTimeField()
    code_hash = models.CharField(max_length=64, blank=True)  # empty until the mail is made
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("correo por confirmar")
        verbose_name_plural = _("correos por confirmar")

    def __str__(self) -> str:
        return f"{self.user_id}"


from saas.accounts.text_models import PolicyText, TextState  # noqa: E402, F401
