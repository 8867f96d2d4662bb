"""TEMPORARY stub by the lead; its owner replaces it."""
from django.http import HttpRequest, HttpResponse

from saas.accounts.doors import everyone


@everyone
def stub(request: HttpRequest, **kw: object) -> HttpResponse:
    return HttpResponse("stub")

urlpatterns: list = []
