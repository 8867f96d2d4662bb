"""Addresses on an agency's host. People and PayU keep them: they are stable."""

from django.urls import include, path

from clientarea import desk as client_desk
from clientarea import portal as client_portal
from payments import desk as payment_desk
from payments import portal as payment_portal
from pqrs import desk as case_desk
from pqrs import desk_settings as case_settings
from pqrs import portal as case_portal
from saas import desk_book, desk_history, desk_home, desk_search, frame, home, installable, my_data
from saas.accounts import desk as team_desk
from saas.accounts.language import set_language
from saas.accounts.views import captcha
from saas.api import desk as api_desk
from tenants import desk as agency_desk
from tenants import desk_mails, desk_platform, desk_texts

handler400 = "saas.errors.bad_request"
handler403 = "saas.errors.permission_denied"
handler404 = "saas.errors.not_found"
handler500 = "saas.errors.server_error"

urlpatterns = [
    *frame.agency_urlpatterns,
    *installable.urlpatterns,
    path("no-soy-robot/", captcha, name="captcha"),
    path("idioma/", set_language, name="set_language"),
    *payment_portal.public_urlpatterns,
    *client_portal.public_urlpatterns,
    *desk_platform.visit_urlpatterns,
    path("area-de-clientes/", home.home, name="home"),
    path("area-de-clientes/", include("saas.accounts.urls")),
    path("area-de-clientes/", include(client_portal.urlpatterns)),
    path("area-de-clientes/", include(payment_portal.urlpatterns)),
    path("area-de-clientes/", include(case_portal.urlpatterns)),
    path("area-de-clientes/", include(my_data.urlpatterns)),
    path("api/", include("saas.urls_api")),
    path("oficina/", include(api_desk.urlpatterns)),
    path("oficina/", include(desk_home.urlpatterns)),
    path("oficina/", include(desk_search.urlpatterns)),
    path("oficina/", include(desk_history.urlpatterns)),
    path("oficina/", include(desk_book.urlpatterns)),
    path("oficina/", include(client_desk.urlpatterns)),
    path("oficina/", include(agency_desk.urlpatterns)),
    path("oficina/", include(desk_platform.urlpatterns)),
    path("oficina/", include(desk_texts.urlpatterns)),
    path("oficina/", include(desk_mails.urlpatterns)),
    path("oficina/", include(team_desk.urlpatterns)),
    path("oficina/", include(payment_desk.urlpatterns)),
    path("oficina/", include(case_settings.urlpatterns)),
    path("oficina/", include(case_desk.urlpatterns)),
]
