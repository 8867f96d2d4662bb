"""`{% client_changes client %}`: the history of a client's data, on the client's page and on the desk's."""

from typing import Any

from django import template

from clientarea import history
from clientarea.models import Client

register = template.Library()


@register.inclusion_tag("clientarea/_changes.html", takes_context=True)
def client_changes(context: template.Context, client: Client) -> dict[str, Any]:
    """The card with the last changes; nothing while there are none."""
    return {"changes": history.told(client, reader=context.get("user"))}
