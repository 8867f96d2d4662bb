"""The mails of notices: the generic one, which says what the list says, and what every mail that can be switched off carries.

Such a mail has a link that ends this kind of mail with one click, without logging in (RFC 8058), and one to the page of
preferences. The link is bound to the agency, the client and the kind, and can do nothing else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from clientarea import mailing, notices
from clientarea.models import Client, Notice, NoticeKind
from clientarea.notice_words import words_of
from saas.lib import mail, signing
from tenants import branding
from tenants.models import Agency

PURPOSE = "clientarea.no_mail"
LIFE = timedelta(days=400)


def stop_url(client: Client, kind: NoticeKind, agency: Agency) -> str:
    """The address that ends the mails of a kind for a client. Call it inside the agency."""
    token = signing.sign({"client": client.pk, "kind": kind.value}, purpose=PURPOSE)
    return branding.origin(agency) + reverse("stop_mail", args=[token], urlconf=settings.AGENCY_URLCONF)


def read_stop(token: str) -> tuple[Client, NoticeKind]:
    """Whose mails of which kind a token ends. Raises signing.BadLink."""
    said = signing.unsign(token, purpose=PURPOSE, max_age_seconds=int(LIFE.total_seconds()))
    pk, kind = said.get("client"), said.get("kind")
    client = Client.objects.filter(pk=pk).first() if isinstance(pk, int) else None
    if client is None or kind not in NoticeKind.values or kind in notices.ESSENTIAL:
        raise signing.BadLink
    return client, NoticeKind(kind)


def send(notice_id: int, *, agency: Agency, now: datetime) -> bool:
    """Mail what a notice says to its client, who may have chosen otherwise meanwhile. Returns whether it was sent."""
    notice = Notice.objects.select_related("client__user").get(pk=notice_id)
    client, kind = notice.client, NoticeKind(notice.kind)
    if not notices.may_mail(client) or not notices.wish_of(client, kind).mail:
        return False
    words = words_of(notice)
    message = mail.build_mail(
        subject=words.title,
        template="notice",
        context={
            **branding.mail_brand(agency),
            "name": client.name,
            "text": words.text,
            "link": branding.origin(agency) + notice.link if notice.link and client.user_id else "",
        },
        to=client.email,
        **branding.mail_sender(agency),
        message_id_key=f"notice:{agency.schema_name}:{notice.pk}",
        stop_url="" if kind in notices.ESSENTIAL else stop_url(client, kind, agency),
    )
    return mailing.send(message, client, agency=agency, now=now)
