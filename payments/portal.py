"""TEMPORARY stub by the lead; its owner replaces it."""
from django.http import HttpRequest, HttpResponse
from django.urls import path

from saas.accounts.doors import everyone


@everyone
def stub(request: HttpRequest, **kw: object) -> HttpResponse:
    return HttpResponse("stub")

urlpatterns = [path('pagos/<int:pk>/', stub, name='payment'), path('pagos/respuesta/', stub, name='payment_return')]
public_urlpatterns = [path('verificar/<str:code>/', stub, name='verify')]
