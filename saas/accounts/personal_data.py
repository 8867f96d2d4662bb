"""What accounts hold about a person: the account, the consents, the second factors and the open sessions."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from saas.accounts.models import Consent, User
from saas.accounts.sessions import device
from saas.lib.personal_data import Held, holds

FACTORS = {"totp": "Aplicación de códigos", "webauthn": "Llave de acceso", "recovery_codes": "Códigos de recuperación"}


@holds("cuenta", "Cuenta", order=20)
def account(user: User) -> Held:
    """Who logs in."""
    return Held(
        User.objects.filter(pk=user.pk),
        lambda who: {
            "Usuario": who.username, "Correo": who.email, "Creada": who.created_at, "Activada": who.activated_at, "Último ingreso": who.last_login,
            "Correo devuelto": who.mail_refused_at,
        },
    )  # fmt: skip


@holds("autorizaciones", "Autorizaciones de datos personales", order=21)
def consents(user: User) -> Held:
    """Which texts were accepted."""
    return Held(
        Consent.objects.filter(user=user).order_by("pk"),
        lambda c: {"Versión": c.version, "Aceptada": c.accepted_at, "Dirección IP": c.ip},
    )


@holds("dos_pasos", "Verificación en dos pasos", order=22)
def factors(user: User) -> Held:
    """Which second factors there are; never their secrets."""
    return Held(
        Authenticator.objects.filter(user=user).order_by("pk"),
        lambda r: {"Clase": FACTORS[r.type], "Desde": r.created_at, "Último uso": r.last_used_at},
    )


@holds("sesiones", "Sesiones abiertas", order=23)
def open_sessions(user: User) -> Held:
    """Where the account is logged in."""
    return Held(
        UserSession.objects.filter(user=user).order_by("pk"),
        lambda r: {"Equipo": device(r.user_agent), "Dirección IP": r.ip, "Desde": r.created_at, "Último uso": r.last_seen_at},
    )
