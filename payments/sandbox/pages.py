"""The stand-in's pages: plain HTML in Spanish, without JavaScript, every text escaped. Another site than the project's.

Promises to read nothing and decide nothing: each function turns what it is given into a page.
"""

from __future__ import annotations

from decimal import Decimal
from html import escape
from time import gmtime, strftime

from payments.sandbox.books import Row
from payments.sandbox.means import APPROVED, DECLINED, EXPIRED, MEANS, PENDING, Mean
from payments.sandbox.notices import BOGOTA

STYLE = """
*{box-sizing:border-box}
body{margin:0;background:#f3f5f1;color:#22301f;font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.banner{background:#fff1c9;color:#5c4300;text-align:center;padding:.5rem 1rem;font-size:.9rem}
header{background:#fff;border-bottom:4px solid #7ea600}
header div,main{max-width:44rem;margin:0 auto;padding:1rem}
header b{font-size:1.4rem;color:#4f6b00}
header span{color:#5b6657}
h1{font-size:1.35rem;margin:.5rem 0 1rem}
h2{font-size:1.05rem;margin:1.5rem 0 .5rem}
.box{background:#fff;border:1px solid #dde3d8;border-radius:.6rem;padding:1rem;margin:0 0 1rem}
.wide{max-width:72rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0}
dt{color:#5b6657}
dd{margin:0;text-align:right;overflow-wrap:anywhere}
.sum{font-size:1.35rem;font-weight:700}
fieldset{border:0;margin:0 0 1rem;padding:0}
legend{font-weight:600;margin-bottom:.5rem;padding:0}
label{display:flex;gap:.75rem;align-items:center;border:1px solid #dde3d8;border-radius:.5rem;padding:.75rem;margin-bottom:.5rem;
background:#fff;cursor:pointer}
label:has(input:checked){border-color:#6b8e00;background:#f6faea}
label.off{color:#646e60;background:#f3f5f1;cursor:not-allowed}
label small{display:block;color:#5b6657}
input[type=radio]{width:1.2rem;height:1.2rem;flex:none;accent-color:#567300}
.button,button{display:inline-block;font:inherit;font-weight:600;border:1px solid #567300;border-radius:.5rem;padding:.7rem 1.2rem;
background:#567300;color:#fff;text-decoration:none;cursor:pointer;min-height:44px}
.plain{background:#fff;color:#4f6b00}
.pay{width:100%}
.actions{display:flex;flex-wrap:wrap;gap:.75rem}
.state{font-size:1.2rem;font-weight:700;margin:0 0 .75rem}
.APPROVED{color:#2d6a00}.DECLINED,.EXPIRED{color:#a61b1b}.PENDING{color:#7a5600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.5rem;border-bottom:1px solid #e6ebe2;white-space:nowrap;vertical-align:middle}
td form{display:inline}
td button{padding:.3rem .7rem;margin:.1rem}
@media (max-width:40rem){
.pending thead{display:none}
.pending tr,.pending td{display:block;border:0;padding:.2rem 0;white-space:normal;overflow-wrap:anywhere}
.pending tr{padding:.5rem 0}
}
a:focus-visible,button:focus-visible,input:focus-visible{outline:3px solid #1f5fbf;outline-offset:2px}
"""

STATES = {APPROVED: "Aprobada", DECLINED: "Rechazada", EXPIRED: "Vencida", PENDING: "Pendiente"}
_SAID = {
    APPROVED: "Transacción aprobada",
    DECLINED: "Transacción rechazada",
    EXPIRED: "Transacción vencida",
    PENDING: "Transacción pendiente por confirmar",
}
_EXPLAINED = {
    APPROVED: "El pago fue recibido. Vuelva al comercio para ver su comprobante.",
    DECLINED: "La entidad no aprobó el pago. Puede intentarlo otra vez o volver al comercio.",
    EXPIRED: "El plazo para pagar se venció. Vuelva al comercio para empezar de nuevo.",
    PENDING: "La entidad todavía no confirma el pago. El comercio le avisará cuando lo haga.",
}
_DECIDE = (("approved", "Aprobar", "approve"), ("declined", "Rechazar", "reject"), ("expired", "Vencer", "expire"))


def checkout(order: Row, means: list[tuple[Mean, bool]], merchant: Row) -> str:
    """Where the payer chooses how to pay and, this being a simulator, what comes of it."""
    action = f"/ppp-web-gateway-payu/{order['token']}/pagar"
    return _page(
        "Elija el medio de pago",
        f"""<h1>Elija el medio de pago</h1>
{_summary(order, merchant)}
<form method="post" action="{escape(action)}">
<fieldset><legend>Medio de pago</legend>{"".join(_mean(mean, takes) for mean, takes in means)}</fieldset>
<fieldset><legend>Resultado de la prueba</legend>
{_radio("outcome", "approved", "Aprobada", "La entidad aprueba el pago")}
{_radio("outcome", "declined", "Rechazada", "La entidad rechaza el pago")}
{_radio("outcome", "pending", "Pendiente", "Se decide después, en la página inicial del simulador")}
</fieldset>
<button class="pay" data-testid="pay">Pagar {_pesos(order["form"]["amount"])}</button>
</form>""",
    )


def result(order: Row, transaction: Row, merchant: Row, return_url: str) -> str:
    """What came of a try, with the way back to the merchant."""
    state = transaction["state"]
    retry = ""
    if state == DECLINED:
        address = f"/ppp-web-gateway-payu/{order['token']}/"
        retry = f'<a class="button plain" data-testid="retry" href="{escape(address)}">Intentar de nuevo</a>'
    lines = [
        ("Medio de pago", MEANS[transaction["mean"]].label),
        ("Transacción", transaction["id"]),
        ("Orden", str(order["id"])),
        ("Autorización", transaction["authorization"]),
        ("CUS", transaction["cus"]),
        ("Fecha", _moment(transaction["decided"] or transaction["created"])),
    ]
    shown = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in lines if value)
    return _page(
        _SAID[state],
        f"""<h1>Resultado de su pago</h1>
<div class="box"><p class="state {state}" data-testid="state">{_SAID[state]}</p><p>{_EXPLAINED[state]}</p><dl>{shown}</dl></div>
{_summary(order, merchant)}
<div class="actions"><a class="button" data-testid="return" href="{escape(return_url)}">Volver al comercio</a>{retry}</div>""",
    )


def error(problems: tuple[str, ...], title: str = "No se pudo procesar su pago") -> str:
    """What was wrong with a request, as PayU's page of errors says it."""
    listed = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return _page(
        title,
        f"""<h1>{escape(title)}</h1><div class="box" data-testid="error"><p>La información enviada por el comercio no se puede procesar:</p>
<ul>{listed}</ul><p>No se cobró nada. Vuelva al comercio e intente de nuevo.</p></div>""",
    )


def home(merchants: list[Row], transactions: list[Row]) -> str:
    """What this is, who its merchants are, what waits for a decision and what there has been. Shows no key."""
    waiting = "".join(_pending_row(row) for row in transactions if row["state"] == PENDING)
    known = "".join(
        f"<tr><td>{escape(row['merchant_id'])}</td><td>{escape(row['account_id'])}</td><td>{escape(row['name'])}</td></tr>"
        for row in merchants
    )
    return _page(
        "Simulador de PayU",
        f"""<h1>Simulador de PayU</h1>
<p>Este programa hace las veces de PayU para probar pagos: recibe el formulario del comercio, avisa el resultado y responde
consultas. No mueve dinero. Los pagos que quedan pendientes se deciden aquí.</p>
<h2>Pendientes por decidir</h2>
<div class="pending">{_table(["Referencia", "Valor", "Medio", "Decidir"], waiting, "No hay pagos pendientes.")}</div>
<h2>Transacciones</h2>
{_table(["Fecha", "Comercio", "Referencia", "Valor", "Medio", "Tipo", "Estado"], "".join(_row(row) for row in transactions[:100]),
        "Todavía no hay transacciones.")}
<h2>Comercios</h2>
{_table(["Comercio", "Cuenta", "Nombre"], known, "No hay comercios.")}""",
        wide=" wide",
    )


def _pending_row(row: Row) -> str:
    reference = escape(row["reference"])
    buttons = "".join(
        f'<form method="post" action="/decidir"><input type="hidden" name="transaction" value="{escape(row["id"])}">'
        f'<button class="plain" name="outcome" value="{outcome}" data-testid="{verb}-{reference}">{label}</button></form>'
        for outcome, label, verb in _DECIDE
    )
    kind = "" if row["type"] == "AUTHORIZATION_AND_CAPTURE" else " (reembolso)"
    return (
        f"<tr><td>{reference}</td><td>{_pesos(row['value'])}</td><td>{escape(MEANS[row['mean']].method)}{kind}</td><td>{buttons}</td></tr>"
    )


def _row(row: Row) -> str:
    cells = [
        _moment(row["created"]), row["merchant_id"], row["reference"], _pesos(row["value"]), MEANS[row["mean"]].method,
        "Pago" if row["type"] == "AUTHORIZATION_AND_CAPTURE" else "Reembolso",
    ]  # fmt: skip
    state = f'<td class="{row["state"]}" data-testid="state-{escape(row["reference"])}">{STATES[row["state"]]}</td>'
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + state + "</tr>"


def _table(heads: list[str], rows: str, empty: str) -> str:
    if not rows:
        return f'<div class="box">{empty}</div>'
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f'<div class="box scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _summary(order: Row, merchant: Row) -> str:
    form = order["form"]
    lines = [
        ("Comercio", merchant["name"] or merchant["merchant_id"]),
        ("Descripción", form["description"]),
        ("Referencia", order["reference"]),
        ("Comprador", form.get("buyerFullName") or form["buyerEmail"]),
    ]
    shown = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in lines)
    return f'<div class="box"><dl>{shown}<dt>Total</dt><dd class="sum" data-testid="amount">{_pesos(form["amount"])}</dd></dl></div>'


def _mean(mean: Mean, takes: bool) -> str:
    hint = mean.hint if takes else f"No recibe este valor. {mean.hint}"
    return _radio("mean", mean.key, mean.label, hint, off="" if takes else " disabled")


def _radio(name: str, value: str, label: str, hint: str, off: str = "") -> str:
    shade = ' class="off"' if off else ""
    return (
        f'<label{shade}><input type="radio" name="{name}" value="{value}" data-testid="{name}-{value}" required{off}>'
        f"<span>{escape(label)}<small>{escape(hint)}</small></span></label>"
    )


def _pesos(value: str) -> str:
    amount = Decimal(value)
    whole = f"{int(amount):,}".replace(",", ".")
    cents = int(amount * 100) % 100
    return f"$ {whole},{cents:02d}" if cents else f"$ {whole}"


def _moment(seconds: float) -> str:
    return strftime("%d/%m/%Y %H:%M:%S", gmtime(seconds + BOGOTA))


def _page(title: str, content: str, wide: str = "") -> str:
    return f"""<!doctype html>
<html lang="es-CO"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{escape(title)} · PayU (simulador)</title><style>{STYLE}</style></head>
<body><div class="banner" role="note">Ambiente de pruebas: esto no es PayU y no se mueve dinero.</div>
<header><div class="head{wide}"><b>PayU</b> <span>(simulador)</span></div></header><main class="main{wide}">{content}</main></body></html>
"""
