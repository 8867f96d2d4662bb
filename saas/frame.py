"""TEMPORARY stub by the lead; its owner replaces it."""
from django.http import HttpRequest, HttpResponse
from django.urls import path

from saas.accounts.doors import everyone


@everyone
def stub(request: HttpRequest, **kw: object) -> HttpResponse:
    return HttpResponse("stub")

agency_urlpatterns = [path('', stub, name='front'), path('marca.css', stub, name='brand_css')]
platform_urlpatterns = [path('marca.css', stub, name='brand_css')]
