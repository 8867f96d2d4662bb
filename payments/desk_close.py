"""The desk's close of a day, on screen and to take away."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from payments import daily
from payments.desk_forms import DayForm
from saas.accounts.doors import staff_of
from saas.accounts.models import StaffRole
from saas.lib import clock
from saas.lib.downloads import download
from tenants.replica import reading_reports

_TYPES = {
    "csv": ("text/csv; charset=utf-8", daily.as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", daily.as_xlsx),
}


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_close(request: HttpRequest) -> HttpResponse:
    """*Cierre del día*: what came in by each means."""
    today = clock.today()
    form = DayForm(request.GET)
    day = (form.cleaned_data["dia"] if form.is_valid() else None) or today
    context = {
        "close": daily.close_of(day),
        "form": DayForm(initial={"dia": day}),
        "before": day - timedelta(days=1) if day > date(2000, 1, 1) else None,
        "after": day + timedelta(days=1) if day < today else None,
    }
    return render(request, "payments/desk_close.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_close_file(request: HttpRequest, day: str, ending: str) -> HttpResponse:
    """The same as a file."""
    form = DayForm({"dia": day})
    if ending not in _TYPES or not form.is_valid() or form.cleaned_data["dia"] is None:
        raise Http404
    content_type, write = _TYPES[ending]
    with reading_reports():
        data = write(daily.close_of(form.cleaned_data["dia"]))
    name = f"cierre-{form.cleaned_data['dia'].isoformat()}.{ending}"
    return download(data, name, content_type)


urlpatterns = [
    path("cierre/", desk_close, name="desk_close"),
    path("cierre/<slug:day>.<slug:ending>", desk_close_file, name="desk_close_file"),
]
