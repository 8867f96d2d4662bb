"""Addresses on the platform's host."""

from django.contrib import admin
from django.urls import include, path

from payments.callbacks import payu_callback
from saas import frame
from saas.accounts.views import captcha
from tenants import public, superadmin

handler400 = "saas.errors.bad_request"
handler403 = "saas.errors.permission_denied"
handler404 = "saas.errors.not_found"
handler500 = "saas.errors.server_error"

urlpatterns = [
    *frame.platform_urlpatterns,
    *public.urlpatterns,
    path("no-soy-robot/", captcha, name="captcha"),
    path("payu/<str:key>/confirmacion/", payu_callback, name="payu_callback"),
    path("superadmin/", include("saas.accounts.urls")),
    path("superadmin/", include(superadmin.urlpatterns)),
    path("superadmin/", admin.site.urls),
]
