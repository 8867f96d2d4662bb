"""Every page that a person can look at, by who looks: for the pictures (`make shots`) and for the accessibility checks."""

from __future__ import annotations

AGENCY = "cordillera"
WIDTHS = (390, 1280)
PLATFORM = {
    "front": "/", "signup": "/registro/", "mailbox": "/correo/", "terms": "/terminos/", "privacy": "/datos-personales/", "status": "/estado/",
}  # fmt: skip
VISITOR = {
    "agency": "/", "login": "/area-de-clientes/ingresar/", "forgotten": "/area-de-clientes/clave/", "not-found": "/nada/",
    "verify-unknown": "/verificar/NADA/", "api-docs": "/api/v1/docs/",
    "forgotten-sent": "/area-de-clientes/clave/enviada/", "agency-terms": "/terminos/", "agency-privacy": "/datos-personales/",
    "link-unknown": "/pagar/nada/", "link-dead": "/area-de-clientes/clave/nada/", "stop-mail-unknown": "/correo/baja/nada/",
    "clearance-unknown": "/verificar/paz-y-salvo/nada/",
}  # fmt: skip
CLIENT = {
    "home": "/area-de-clientes/", "invoices": "/area-de-clientes/facturas/", "payments": "/area-de-clientes/pagos/",
    "commissions": "/area-de-clientes/comisiones/", "payouts": "/area-de-clientes/ingresos/", "cases": "/area-de-clientes/pqrs/",
    "case-new": "/area-de-clientes/pqrs/nueva/", "profile": "/area-de-clientes/perfil/",
    "statement": "/area-de-clientes/estado-de-cuenta/", "clearance": "/area-de-clientes/paz-y-salvo/",
    "certificates": "/area-de-clientes/certificados/", "security": "/area-de-clientes/seguridad/", "my-data": "/area-de-clientes/mis-datos/",
    "files": "/area-de-clientes/documentos/",
    "notices": "/area-de-clientes/notificaciones/", "notice-choices": "/area-de-clientes/notificaciones/preferencias/",
    "notices-unread": "/area-de-clientes/notificaciones/?ver=sin-leer", "my-data-section": "/area-de-clientes/mis-datos/facturas/",
    "my-data-nothing": "/area-de-clientes/mis-datos/dos_pasos/", "invoices-nothing": "/area-de-clientes/facturas/?q=nada-de-esto",
    "paper": "/area-de-clientes/mis-datos/datos.pdf", "security-password": "/area-de-clientes/seguridad/clave/",
    "security-application": "/area-de-clientes/seguridad/aplicacion/", "security-passkey": "/area-de-clientes/seguridad/llave/",
    "log-out": "/area-de-clientes/salir/",
}  # fmt: skip
# The lists of the client area, and what an address of one of their rows looks like: its page is looked at too.
ROWS = {
    "invoices": r"/facturas/\d+/$", "payments": r"/pagos/\d+/$", "commissions": r"/comisiones/\d+/$", "payouts": r"/ingresos/\d+/$",
    "cases": r"/pqrs/\d{4}-\d+/$", "files": r"/solicitudes/\d+/$",
}  # fmt: skip
STAFF = {
    "desk": "/oficina/", "desk-clients": "/oficina/clientes/", "desk-client": "/oficina/clientes/1/", "desk-payu": "/oficina/payu/",
    "desk-units": "/oficina/inmuebles/", "desk-leases": "/oficina/contratos/", "desk-payments": "/oficina/pagos/",
    "desk-register": "/oficina/pagos/registrar/", "desk-reviews": "/oficina/por-revisar/", "desk-close": "/oficina/cierre/",
    "desk-cases": "/oficina/pqrs/", "desk-case-new": "/oficina/pqrs/nueva/", "desk-team": "/oficina/equipo/",
    "desk-settings": "/oficina/configuracion/", "desk-overdue": "/oficina/cartera-vencida/", "desk-client-new": "/oficina/clientes/nuevo/",
    "desk-files": "/oficina/documentos/", "desk-client-files": "/oficina/clientes/1/documentos/",
    "desk-file-share": "/oficina/clientes/1/documentos/compartir/", "desk-file-ask": "/oficina/clientes/1/documentos/solicitar/",
    "desk-lease-share": "/oficina/contratos/1/documentos/compartir/",
    "desk-reminders": "/oficina/ajustes/recordatorios/",
    "desk-invoices": "/oficina/facturas/", "desk-invoice": "/oficina/facturas/1/", "desk-invoice-new": "/oficina/facturas/nueva/?q=CA",
    "desk-invoice-write": "/oficina/contratos/1/facturar/", "desk-invoice-note": "/oficina/facturas/1/nota-credito/",
    "desk-invoice-papers": "/oficina/facturas/1/documento/",
    "desk-run-new": "/oficina/facturas/generar/?kind=month&period=2026-12&issued_on=2026-11-23",
    "desk-runs": "/oficina/facturas/generaciones/", "desk-numbering": "/oficina/facturas/numeracion/", "desk-rules": "/oficina/facturas/reglas/",
    "desk-increases": "/oficina/facturas/incrementos/", "desk-client-taxes": "/oficina/clientes/1/tributario/",
    "desk-payouts": "/oficina/egresos/", "desk-payouts-make": "/oficina/egresos/liquidar/",
    "desk-transfers": "/oficina/transferencias/", "desk-transfer-account": "/oficina/transferencias/cuenta/",
    "desk-owner-bank": "/oficina/clientes/1/cuenta-bancaria/",
    "desk-book": "/oficina/libro/",
    "desk-api": "/oficina/ajustes/api/", "desk-notices": "/oficina/ajustes/avisos/",
    "desk-visits": "/oficina/ajustes/visitas/", "desk-domain": "/oficina/ajustes/dominio/",
    "desk-search": "/oficina/buscar/?q=salazar", "desk-unit": "/oficina/inmuebles/1/", "desk-unit-new": "/oficina/inmuebles/nuevo/",
    "desk-lease": "/oficina/contratos/1/", "desk-lease-new": "/oficina/contratos/nuevo/", "desk-payment": "/oficina/pagos/1/",
    "desk-register-client": "/oficina/clientes/1/registrar-pago/", "desk-reverse": "/oficina/pagos/1/reversar/", "desk-policy": "/oficina/abonos/",
    "desk-close-day": "/oficina/cierre/?dia=2026-11-20", "desk-case-report": "/oficina/pqrs/informe/", "desk-case-terms": "/oficina/pqrs/plazos/",
    "desk-canned": "/oficina/pqrs/plantillas/", "desk-canned-new": "/oficina/pqrs/plantillas/nueva/",
    "desk-mails": "/oficina/ajustes/correos/", "desk-history": "/oficina/historial/", "desk-policy-text": "/oficina/ajustes/politica/",
}  # fmt: skip
OPERATOR = {
    "superadmin": "/superadmin/", "superadmin-agencies": "/superadmin/tenants/agency/", "superadmin-agency": "/superadmin/tenants/agency/1/change/",
    "superadmin-signups": "/superadmin/tenants/signup/", "superadmin-health": "/superadmin/salud/",
    "superadmin-acts": "/superadmin/tenants/operatoract/",
    "superadmin-plan": "/superadmin/hacer/plan/?ids=1", "superadmin-retire": "/superadmin/hacer/retirar/?ids=1",
    "superadmin-invite": "/superadmin/operadores/invitar/", "superadmin-exports": "/superadmin/tenants/export/",
    "superadmin-domains": "/superadmin/tenants/domain/", "superadmin-alarms": "/superadmin/tenants/alarm/",
    "superadmin-visits": "/superadmin/tenants/supportvisit/", "superadmin-announcements": "/superadmin/tenants/announcement/",
    "superadmin-announcement": "/superadmin/tenants/announcement/add/",
    "superadmin-texts": "/superadmin/tenants/platformtext/", "superadmin-text": "/superadmin/tenants/platformtext/add/",
}  # fmt: skip
