"""What accounts hold about a person: the account, the consents, the second factors and the open sessions."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from saas.accounts.models import User
from saas.accounts.sessions import device
from saas.lib.personal_data import Row, holds

FACTORS = {"totp": "Aplicación de códigos", "webauthn": "Llave de acceso", "recovery_codes": "Códigos de recuperación"}


@holds("cuenta", "Cuenta", order=20)
def account(user: User) -> list[Row]:
    """Who logs in."""
    moments = {"Creada": user.created_at, "Activada": user.activated_at, "Último ingreso": user.last_login}
    return [{"Usuario": user.username, "Correo": user.email, **moments}]


@holds("autorizaciones", "Autorizaciones de datos personales", order=21)
def consents(user: User) -> list[Row]:
    """Which texts were accepted."""
    return [{"Versión": c.version, "Aceptada": c.accepted_at, "Dirección IP": c.ip} for c in user.consents.order_by("pk")]


@holds("dos_pasos", "Verificación en dos pasos", order=22)
def factors(user: User) -> list[Row]:
    """Which second factors there are; never their secrets."""
    rows = Authenticator.objects.filter(user=user).order_by("pk")
    return [{"Clase": FACTORS[r.type], "Desde": r.created_at, "Último uso": r.last_used_at} for r in rows]


@holds("sesiones", "Sesiones abiertas", order=23)
def open_sessions(user: User) -> list[Row]:
    """Where the account is logged in."""
    rows = UserSession.objects.filter(user=user).order_by("pk")
    return [{"Equipo": device(r.user_agent), "Dirección IP": r.ip, "Desde": r.created_at, "Último uso": r.last_seen_at} for r in rows]
