"""Addresses of the pages of money: the client area's, the public check of a receipt, and paying by a link."""

from __future__ import annotations

from django.urls import path

from payments import portal_link, portal_paying, portal_payments, portal_register, portal_transfer, portal_verify
from payments.invoicing import portal as portal_invoices
from payments.invoicing import portal_calendar
from payments.payouts import portal as portal_payouts
from payments.statements import portal as portal_statements

urlpatterns = [
    path("facturas/", portal_invoices.invoices, name="invoices"),
    path("facturas/pagar/", portal_register.invoices_pay, name="invoices_pay"),
    path("facturas/<int:pk>/", portal_invoices.invoice, name="invoice"),
    path("facturas/compartidas/<int:pk>/", portal_invoices.shared_invoice, name="shared_invoice"),
    path("facturas/<int:pk>/pdf/", portal_invoices.invoice_pdf, name="invoice_pdf"),
    path("facturas/<int:pk>/xml/", portal_invoices.invoice_xml, name="invoice_xml"),
    path("facturas/notas/<int:pk>/pdf/", portal_invoices.invoice_note, name="invoice_note"),
    path("facturas/<int:pk>/pagar/", portal_register.invoice_pay, name="invoice_pay"),
    path("pagos/", portal_payments.payments, name="payments"),
    path("pagos/respuesta/", portal_paying.payment_return, name="payment_return"),
    path("pagos/<int:pk>/", portal_paying.payment, name="payment"),
    path("pagos/<int:pk>/estado/", portal_paying.payment_state, name="payment_state"),
    path("pagos/<int:pk>/pagar/", portal_paying.payment_go, name="payment_go"),
    path("pagos/<int:pk>/consultar/", portal_paying.payment_check, name="payment_check"),
    path("pagos/<int:pk>/reintentar/", portal_paying.payment_retry, name="payment_retry"),
    path("pagos/<int:pk>/soporte/", portal_transfer.transfer_proof, name="transfer_proof"),
    path("pagos/<int:pk>/comprobante/", portal_payments.payment_receipt, name="payment_receipt"),
    path("reversiones/<int:pk>/", portal_payments.payment_reversal, name="payment_reversal"),
    path("comisiones/", portal_invoices.commissions, name="commissions"),
    path("comisiones/<int:pk>/", portal_invoices.commission, name="commission"),
    path("comisiones/<int:pk>/pdf/", portal_invoices.commission_pdf, name="commission_pdf"),
    path("comisiones/<int:pk>/xml/", portal_invoices.commission_xml, name="commission_xml"),
    path("ingresos/", portal_payouts.payouts, name="payouts"),
    path("ingresos/<int:pk>/", portal_payouts.payout, name="payout"),
    path("ingresos/<int:pk>/comprobante/", portal_payouts.payout_receipt, name="payout_receipt"),
    path("vencimientos.ics", portal_calendar.calendar_file, name="calendar_file"),
    path("estado-de-cuenta/", portal_statements.statement, name="statement"),
    path("estado-de-cuenta/pdf/", portal_statements.statement_pdf, name="statement_pdf"),
    path("estado-de-cuenta/excel/", portal_statements.statement_xlsx, name="statement_xlsx"),
    path("paz-y-salvo/", portal_statements.clearance_page, name="clearance"),
    path("paz-y-salvo/carta/", portal_statements.clearance_pdf, name="clearance_pdf"),
    path("certificados/", portal_statements.certificates_page, name="certificates"),
    path("certificados/propietario/<int:year>/", portal_statements.owner_certificate, name="owner_certificate"),
    path("certificados/arrendatario/<int:year>/", portal_statements.renter_certificate, name="renter_certificate"),
]
public_urlpatterns = [
    path("calendario/<str:token>.ics", portal_calendar.calendar_feed, name="calendar_feed"),
    path("verificar/<str:code>/", portal_verify.verify, name="verify"),
    path("verificar/paz-y-salvo/<str:token>/", portal_verify.clearance_check, name="clearance_check"),
    path("pagar/<str:token>/", portal_link.pay_link, name="pay_link"),
    path("pagar/<str:token>/<str:reference>/", portal_link.pay_link_go, name="pay_link_go"),
    path("pagar/<str:token>/<str:reference>/respuesta/", portal_link.pay_link_return, name="pay_link_return"),
    path("pagar/<str:token>/<str:reference>/resultado/", portal_link.pay_link_result, name="pay_link_result"),
]
