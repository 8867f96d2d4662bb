"""The pages that people see when something is not right. Each says what happened, what was kept and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from saas.accounts import kept_forms
from saas.accounts.doors import everyone
from saas.accounts.viewing import ReadOnly
from saas.api import problems


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "error.html", {"status": status, "title": title, "text": text}, status=status)


@everyone
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(request, 400, _("No entendimos lo que llegó"), _("No se guardó nada. Vuelva atrás y revise lo que escribió."))


@everyone
def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    if isinstance(exception, ReadOnly):
        text = _("Está viendo el área de clientes como uno de ellos: puede leer, pero no cambiar ni pagar nada. No se guardó nada.")
        return _page(request, 403, _("Aquí solo puede mirar"), text)
    said = str(exception or "") or _("Ingrese con la cuenta a la que pertenece.")
    if request.path.startswith("/api/"):
        return problems.plain(403, said)
    return _page(request, 403, str(getattr(exception, "title", "") or _("Esta página no es para su cuenta")), said)


@everyone
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _page(request, 404, _("No encontramos esta página"), _("Puede que el enlace esté incompleto o que ya no exista."))


@everyone
def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    text = _("Lo que ya estaba guardado sigue guardado. Intente de nuevo en un momento; si pagó, no pague otra vez: su pago queda registrado.")
    return _page(request, 500, _("Algo falló de nuestro lado"), text)


@everyone
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form is stale or came from elsewhere. One that proves who wrote it is shown again, with what was written."""
    if kept_forms.keep(request):
        return redirect(request.path)
    text = _(
        "El formulario estuvo abierto mucho tiempo o las cookies están desactivadas, y no se guardó nada. "
        "Vuelva atrás, copie lo que escribió, recargue la página y envíelo de nuevo."
    )
    return _page(request, 403, _("El formulario caducó"), text)
