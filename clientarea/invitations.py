"""Opening an account for a client: the user is made or found, and the activation link is asked for.

Promises that a client gets one account, that nobody else's account is taken for it, and that no password is ever mailed:
the link (valid once, some days) lets the client choose one. It asks for the mail; `workers/accounts.py` sends it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clientarea.models import Client, InvitationLine, InvitationRound, InvitationState
from saas.accounts import bounces
from saas.accounts.models import Role, User
from saas.jobs.defer import defer
from tenants import limits

SLICE = 100  # clients of a round that one job invites: well within the time that a job has


class InvitationError(ValueError):
    """The client cannot be invited. Its message is for people and says what to do."""


def invite(client: Client, *, now: datetime) -> User:
    """Give `client` an account that waits for its password, and ask for the mail with the link. Again: a new mail.

    Raises InvitationError for an archived client, without an e-mail, when the account is already in use, or when its *usuario* is somebody else's.
    """
    with transaction.atomic():
        locked = Client.objects.select_for_update(of=("self",)).select_related("user").get(pk=client.pk)
        if locked.archived_at is not None:
            raise InvitationError(_("Este cliente está archivado. Restáurelo antes de invitarlo."))
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
        bounces.forget(user)
        locked.user, locked.invited_at = user, now
        locked.save(update_fields=["user", "invited_at"])
        # One mail a minute: a double click is one invitation.
        defer("clientarea.mail_activation", f"{user.pk}:{now:%Y%m%d%H%M}", now=now, user_id=user.pk)
    client.user, client.invited_at = user, now
    return user


def begin_round(clients: QuerySet[Client], *, asked_by: str, now: datetime) -> InvitationRound | None:
    """Ask for the invitation of each of `clients`, done by workers/clientarea.py. None if there is nobody among them.
    Raises LimitReached."""
    with transaction.atomic():
        ids = list(clients.order_by("pk").values_list("pk", flat=True))
        if not ids:
            return None
        limits.check_mails(len(ids))
        made = InvitationRound.objects.create(asked_by=asked_by, asked_at=now)
        InvitationLine.objects.bulk_create((InvitationLine(round=made, client_id=pk) for pk in ids), batch_size=1000)
        defer("clientarea.invite_some", f"{made.pk}:0", now=now, round_id=made.pk)
    return made


def invite_some(round_id: int, *, now: datetime) -> None:
    """Invite the next SLICE clients of a round and ask for the ones after them. Safe to repeat: each line is done once."""
    waiting = InvitationLine.objects.filter(round_id=round_id, state=InvitationState.WAITING).order_by("pk")
    for pk in list(waiting.values_list("pk", flat=True)[:SLICE]):
        with transaction.atomic():
            line = waiting.select_for_update(of=("self",), skip_locked=True).select_related("client").filter(pk=pk).first()
            if line is None:
                continue
            try:
                invite(line.client, now=now)
            except InvitationError as error:
                line.state, line.reason = InvitationState.REFUSED, str(error)[:200]
            else:
                line.state = InvitationState.SENT
            line.save(update_fields=["state", "reason"])
    with transaction.atomic():
        first = waiting.values_list("pk", flat=True).first()
        if first is not None:
            defer("clientarea.invite_some", f"{round_id}:{first}", now=now, round_id=round_id)


def _new_user(client: Client) -> User:
    username = client.document.lower()
    user = User.objects.filter(username=username).select_related("client").first()
    if user is None:
        return User.objects.create_user(username=username, role=Role.CLIENT, name=client.name, email=client.email)
    if user.role != Role.CLIENT or hasattr(user, "client"):
        raise InvitationError(_("El número de documento de este cliente ya es el usuario de otra cuenta. Revise el documento."))
    return user
