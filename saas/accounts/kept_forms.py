"""What somebody wrote in a long form while the session ended: kept until its writer is back in, and put into the form again.

A form that asks for it carries a mark of its writer; who sends it too late is sent to log in, and finds the words there. They are
shown to nobody but that writer, in that browser, within the hour; never a file, and nothing of a form without a mark.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from saas.lib import clock
from saas.lib.signing import BadLink, sign, unsign

FIELD = "escribe"  # the hidden field that carries the mark
KEPT = timedelta(hours=1)
MARKED = timedelta(days=7)  # a page may stay open so long
MOST = 20_000  # letters of a form, all its fields together
_PURPOSE = "form.writer"
SESSION_KEY = "kept_form"


def mark(request: HttpRequest) -> str:
    """Whose form this is, signed."""
    return sign({"user": request.user.pk}, purpose=_PURPOSE)


def keep(request: HttpRequest) -> bool:
    """Keep what was sent, if it was sent too late from a form with a mark. Whether it was kept."""
    fields = {name: value for name, value in request.POST.items() if name not in (FIELD, "csrfmiddlewaretoken")}
    try:
        writer = unsign(request.POST.get(FIELD, ""), purpose=_PURPOSE, max_age_seconds=int(MARKED.total_seconds()))["user"]
    except BadLink:
        return False
    if sum(map(len, fields.values())) > MOST or request.user.is_authenticated and request.user.pk != writer:
        return False
    until = (clock.now() + KEPT).timestamp()
    request.session[SESSION_KEY] = {"path": request.path, "writer": writer, "fields": fields, "until": until}
    return True


def take(request: HttpRequest) -> dict[str, str]:
    """What was kept of the form of this page for who asks, once, saying so; else nothing. Another's is thrown away."""
    kept = request.session.get(SESSION_KEY)
    if kept is None or kept["path"] != request.path and kept["writer"] == request.user.pk:
        return {}
    del request.session[SESSION_KEY]
    if kept["writer"] != request.user.pk or kept["until"] < clock.now().timestamp():
        return {}
    messages.warning(request, _("Su envío no alcanzó a llegar. Lo que escribió sigue aquí: revíselo y envíelo. Los archivos, elíjalos de nuevo."))
    fields: dict[str, str] = kept["fields"]
    return fields
