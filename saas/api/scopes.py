"""What a key may do: read or write each resource. A scope that is not written here is nobody's."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """`resource:read` or `resource:write`. Writing does not include reading."""

    CLIENTS_READ = "clients:read", _("Clientes: leer")
    CLIENTS_WRITE = "clients:write", _("Clientes: crear y cambiar")
    UNITS_READ = "units:read", _("Inmuebles: leer")
    UNITS_WRITE = "units:write", _("Inmuebles: crear y cambiar")
    LEASES_READ = "leases:read", _("Contratos: leer")
    LEASES_WRITE = "leases:write", _("Contratos: crear y cambiar")
    INVOICES_READ = "invoices:read", _("Facturas: leer")
    INVOICES_WRITE = "invoices:write", _("Facturas: expedir y anular")
    PAYMENTS_READ = "payments:read", _("Pagos: leer")
    PAYMENTS_WRITE = "payments:write", _("Pagos: registrar los recibidos")
    RECEIPTS_READ = "receipts:read", _("Comprobantes de pago: leer")
    PAYOUTS_READ = "payouts:read", _("Egresos: leer")
    CASES_READ = "cases:read", _("PQRS: leer")
    CASES_WRITE = "cases:write", _("PQRS: radicar")
    CASES_HANDLE = "cases:handle", _("PQRS: responder, asignar y cerrar")
