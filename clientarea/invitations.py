"""Opening an account for a client: the user is made or found, and the activation link is asked for.

Promises that a client gets one account, that nobody else's account is taken for it, and that no password is ever mailed:
the link (valid once, some days) lets the client choose one. It asks for the mail; `workers/accounts.py` sends it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clientarea.models import Client
from saas.accounts.models import Role, User
from saas.jobs.defer import defer


class InvitationError(ValueError):
    """The client cannot be invited. Its message is for people and says what to do."""


def invite(client: Client, *, now: datetime) -> User:
    """Give `client` an account that waits for its password, and ask for the mail with the link. Again: a new mail.

    Raises InvitationError without an e-mail, when the account is already in use, or when its *usuario* is somebody else's.
    """
    with transaction.atomic():
        locked = Client.objects.select_for_update(of=("self",)).select_related("user").get(pk=client.pk)
        if not locked.email:
            raise InvitationError(_("Este cliente no tiene correo. Regístrelo antes de enviar la invitación."))
        user = locked.user or _new_user(locked)
        if user.activated_at is not None:
            raise InvitationError(_("Este cliente ya activó su cuenta. Si olvidó la contraseña, puede pedir otra al ingresar."))
        if not user.is_active:
            raise InvitationError(_("La cuenta de este cliente está desactivada. Actívela antes de invitarlo."))
        if user.email != locked.email.lower():
            user.email = locked.email.lower()  # links sent to the old address die with this
            user.save(update_fields=["email"])
        locked.user, locked.invited_at = user, now
        locked.save(update_fields=["user", "invited_at"])
        # One mail a minute: a double click is one invitation.
        defer("clientarea.mail_activation", f"{user.pk}:{now:%Y%m%d%H%M}", now=now, user_id=user.pk)
    client.user, client.invited_at = user, now
    return user


def _new_user(client: Client) -> User:
    username = client.document.lower()
    user = User.objects.filter(username=username).select_related("client").first()
    if user is None:
        return User.objects.create_user(username=username, role=Role.CLIENT, name=client.name, email=client.email)
    if user.role != Role.CLIENT or hasattr(user, "client"):
        raise InvitationError(_("El número de documento de este cliente ya es el usuario de otra cuenta. Revise el documento."))
    return user
