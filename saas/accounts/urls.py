"""Addresses of the way in, below `/area-de-clientes/` on an agency's host and `/superadmin/` on the platform's."""

from django.urls import path

from saas.accounts import security, views

urlpatterns = [
    path("ingresar/", views.login, name="account_login"),
    path("salir/", views.log_out, name="account_logout"),
    path("clave/", views.forgotten_password, name="account_forgotten"),
    path("clave/enviada/", views.forgotten_sent, name="account_forgotten_sent"),
    path("clave/<str:token>/", views.new_password, name="account_new_password"),
    path("activar/<str:token>/", views.activate, name="account_activate"),
    path("ingresar/segundo-paso/", security.second_step, name="mfa_authenticate"),
    path("autorizacion/", security.consent, name="consent"),
    path("seguridad/", security.security, name="security"),
    path("seguridad/clave/", security.password, name="security_password"),
    path("seguridad/aplicacion/", security.application, name="security_application"),
    path("seguridad/llave/", security.passkey, name="security_passkey"),
    path("seguridad/codigos/", security.recovery_codes, name="security_codes"),
    path("seguridad/quitar/<int:pk>/", security.factor_off, name="security_off"),
    path("seguridad/sesiones/cerrar-otras/", security.sessions_end, name="security_sessions_end"),
    path("seguridad/sesiones/<int:pk>/cerrar/", security.session_end, name="security_session_end"),
]
