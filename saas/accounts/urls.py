"""Addresses of the way in, below `/area-de-clientes/` on an agency's host and `/superadmin/` on the platform's."""

from django.urls import path

from saas.accounts import views

urlpatterns = [
    path("ingresar/", views.login, name="account_login"),
    path("salir/", views.log_out, name="account_logout"),
    path("clave/", views.forgotten_password, name="account_forgotten"),
    path("clave/enviada/", views.forgotten_sent, name="account_forgotten_sent"),
    path("clave/<str:token>/", views.new_password, name="account_new_password"),
    path("activar/<str:token>/", views.activate, name="account_activate"),
]
