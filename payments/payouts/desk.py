"""The desk's pages of paying owners (*Egresos*): what may be liquidated, the orders, one of them, and the bank's files.

Money moves in payments/payouts/paying.py. What shows an account's whole number (the bank's file to send) is asked for by POST: who only
looks does not get it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clientarea.models import Client
from payments.models import BankFile, OrderState, OwnerBank, Payout, PayoutLine, PayoutOrder
from payments.payouts import bank_files, banks, owner_bank_mail, paying, proposals
from payments.payouts import document as payout_document
from payments.payouts.forms import BANKS, DeductionForm, FileForm, OwnerBankForm, TransferForm, UntilForm
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole, User
from saas.audit import changes
from saas.lib import clock
from saas.lib.downloads import download, drawn_download
from saas.lib.money import cop
from saas.lib.paging import page_of
from tenants.hosts import agency_of

MOST = 500  # orders acted on at once
STATES = [*OrderState.choices]


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_payouts(request: HttpRequest) -> HttpResponse:
    """*Egresos*: the orders by state, newest first. POST reviews those that were chosen."""
    if request.method == "POST":
        chosen = [int(pk) for pk in request.POST.getlist("order")[:MOST] if pk.isascii() and pk.isdigit() and len(pk) <= 15]
        try:
            reviewed = paying.review(chosen, staff=who(request), now=clock.now())
        except paying.PayoutRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Egresos revisados: %(count)s.") % {"count": len(reviewed)})
        return redirect("desk_payouts")
    state = request.GET.get("estado", "")
    orders = PayoutOrder.objects.select_related("owner", "owner__bank").annotate(total=Sum("lines__net"), count=Count("lines"))
    if state in OrderState.values:
        orders = orders.filter(state=state)
    sums = PayoutOrder.objects.aggregate(
        **{f"{each}_count": Count("pk", filter=Q(state=each), distinct=True) for each in OrderState.values},
        **{f"{each}_sum": Sum("lines__net", filter=Q(state=each)) for each in OrderState.values},
    )
    states = [(value, label, sums[f"{value}_count"], sums[f"{value}_sum"] or Decimal(0)) for value, label in STATES]
    files = BankFile.objects.select_related("made_by")[:5]
    context = {"page": page_of(request, orders.order_by("-pk")), "states": states, "state": state, "files": files, "form": FileForm()}
    return render(request, "payments/desk_payouts.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_payouts_make(request: HttpRequest) -> HttpResponse:
    """*Liquidar recaudo*: what would be paid to whom and why, what waits, and doing it."""
    now = clock.now()
    form = UntilForm(request.POST if request.method == "POST" else request.GET, today=clock.local(now).date())
    until = form.until()
    if request.method == "POST":
        try:
            made = paying.liquidate(until=until, mark=request.POST.get("mark", ""), staff=who(request), now=now)
        except paying.PayoutRefused as refused:
            messages.error(request, str(refused))
            return redirect(f"{request.path}?hasta={until.isoformat()}")
        messages.success(request, _("Liquidaciones hechas: %(count)s. Revise cada egreso antes de girar.") % {"count": len(made)})
        return redirect("desk_payouts")
    proposal = proposals.propose(until=until)
    by_owner: dict[int, dict[str, Any]] = {}
    for liquid in proposal.liquids:
        for share in liquid.shares:
            found = by_owner.setdefault(share.owner.pk, {"owner": share.owner, "rows": [], "net": Decimal(0)})
            found["rows"].append((liquid, share))
            found["net"] += share.net
    owners = sorted(by_owner.values(), key=lambda each: (each["owner"].folded, each["owner"].pk))
    known = set(OwnerBank.objects.filter(owner__in=by_owner).values_list("owner", flat=True))
    for each in owners:
        each["bankless"] = each["owner"].pk not in known
    context = {
        "form": form if form.errors else UntilForm(initial={"hasta": until}, today=form.today),
        "proposal": proposal,
        "page": page_of(request, owners),
        "collected": sum((liquid.collected for liquid in proposal.liquids), Decimal(0)),
        "net": sum((each["net"] for each in owners), Decimal(0)),
        "waiting": proposals.waiting(until=until),
    }
    return render(request, "payments/desk_payouts_make.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_payout(request: HttpRequest, pk: int) -> HttpResponse:
    """One order: its lines with where each peso comes from, its deductions, and what can be done. POST adds a deduction."""
    order, now = _order(pk), clock.now()
    lines = _lines(order)
    form = DeductionForm(request.POST if request.method == "POST" else None, lines=lines)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            paying.deduct(
                data["line"], kind=data["kind"], concept=data["concept"], amount=data["amount"], key=data["key"], staff=who(request), now=now
            )
        except paying.PayoutRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Descuento agregado."))
            return redirect("desk_payout", pk=pk)
    return _order_page(request, order, lines, form=form, transfer=TransferForm(order=pk, today=clock.local(now).date()))


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_payout_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """*Revisar*, *Devolver a borrador* and *Marcar como girado*."""
    order = _order(pk)
    staff, now = who(request), clock.now()
    try:
        if step == "revisar":
            paying.review([order.pk], staff=staff, now=now)
        elif step == "borrador":
            paying.reopen(order.pk, staff=staff, now=now)
        elif step == "girado":
            form = TransferForm(request.POST, order=pk, today=clock.local(now).date())
            paid = _mark_paid(form, staff=staff, now=now)
            if not paid and order.state == OrderState.REVIEWED:
                lines = _lines(order)
                return _order_page(request, order, lines, form=DeductionForm(lines=lines), transfer=form, status=422)
            if not paid:
                raise paying.PayoutRefused(_("El egreso no espera un giro: no cambió nada."))
            messages.success(request, _("Egreso girado. Se le envía el comprobante al propietario por correo."))
    except paying.PayoutRefused as refused:
        messages.error(request, str(refused))
    return redirect("desk_payout", pk=pk)


@transaction.atomic
def _mark_paid(form: TransferForm, *, staff: User, now: datetime) -> bool:
    """Mark its order as paid by what was typed; False if the form says why not. In one transaction from the question about the
    reference on (payments/repeats.py). Raises paying.PayoutRefused."""
    if not form.is_valid():
        return False
    transfer = paying.Transfer(form.cleaned_data["paid_on"], form.cleaned_data["bank_reference"])
    paying.mark_paid(form.order, transfer, staff=staff, now=now)
    return True


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_payout_forgive(request: HttpRequest, pk: int, deduction: int) -> HttpResponse:
    """Take a deduction off again."""
    get_object_or_404(PayoutOrder, pk=pk, lines__deductions=deduction)
    try:
        paying.forgive(deduction, staff=who(request), now=clock.now())
    except paying.PayoutRefused as refused:
        messages.error(request, str(refused))
    return redirect("desk_payout", pk=pk)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_payout_discard(request: HttpRequest, pk: int, liquidation: int) -> HttpResponse:
    """*Deshacer* a liquidation, of all of the unit's owners."""
    get_object_or_404(PayoutOrder, pk=pk, lines__liquidation=liquidation)
    try:
        paying.discard(liquidation, staff=who(request), now=clock.now())
    except paying.PayoutRefused as refused:
        messages.error(request, str(refused))
        return redirect("desk_payout", pk=pk)
    messages.success(request, _("La liquidación se deshizo: su recaudo se puede liquidar de nuevo."))
    return redirect("desk_payout", pk=pk) if PayoutOrder.objects.filter(pk=pk).exists() else redirect("desk_payouts")


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_payout_paper(request: HttpRequest, pk: int, voucher: int) -> HttpResponse:
    """The voucher (comprobante de egreso) of a line."""
    rows = Payout.objects.select_related("lease__unit", "owner")
    row = get_object_or_404(rows, pk=voucher, line__order=pk)
    return drawn_download(
        request,
        lambda: payout_document.payout_pdf(payout_document.payout_document(row, agency_of(request))),
        f"egreso-{row.full_number}.pdf",
        back=reverse("desk_payout", args=[pk]),
    )


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_payouts_bank(request: HttpRequest) -> HttpResponse:
    """The file to give to the bank: every reviewed order that has an account. It is kept in the history that it was taken."""
    orders = list(PayoutOrder.objects.filter(state=OrderState.REVIEWED).select_related("owner").order_by("pk"))
    totals = paying.totals_of(orders)
    now = clock.now()
    if not orders:
        messages.error(request, _("No hay egresos revisados por girar."))
        return redirect("desk_payouts")
    data = banks.bank_file(orders, totals)
    told = f"{len(orders)} egresos, {cop(sum(totals.values(), Decimal(0)))}"
    changes.record("payout_bank_file", 0, before={}, after={"taken": told}, by=who(request), now=now)
    name = f"giros-{clock.local(now):%Y-%m-%d}.csv"
    return download(data, name, "text/csv; charset=utf-8")


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_payouts_upload(request: HttpRequest) -> HttpResponse:
    """Take in a file of the bank, to look at before it is applied."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("desk_payouts")
    name, rows = form.cleaned_data["file"]
    file = bank_files.keep_file(name, rows, staff=who(request), now=clock.now())
    return redirect("desk_payouts_file", pk=file.pk)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_payouts_file(request: HttpRequest, pk: int) -> HttpResponse:
    """A file of the bank: what each row fits and what it does not, and applying it. Afterwards, what became of each row."""
    file = get_object_or_404(BankFile.objects.select_related("made_by"), pk=pk)
    now = clock.now()
    if request.method == "POST":
        applied = bank_files.apply_file(file.pk, staff=who(request), now=now)
        paid = sum(1 for row in applied.outcome if not row["trouble"])
        told = ngettext("%s egreso quedó como girado.", "%s egresos quedaron como girados.", paid) % paid
        messages.success(request, f"{told} {_('El comprobante le llega por correo a cada propietario. Lo que no cuadró quedó en la lista.')}")
        return redirect("desk_payouts_file", pk=pk)
    rows = bank_files.told_of(file, today=clock.local(now).date())
    context = {"file": file, "fitting": [row for row in rows if row.fits], "others": [row for row in rows if not row.fits]}
    return render(request, "payments/desk_payouts_file.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_owner_bank(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an owner is paid."""
    owner = get_object_or_404(Client, pk=pk)
    bank = banks.bank_of(owner)
    initial = {"bank": bank.bank, "kind": bank.kind} if bank else {}
    form = OwnerBankForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        banks.save_bank(owner, **form.cleaned_data, staff=who(request), now=clock.now())
        messages.success(request, _("La cuenta quedó guardada."))
        return redirect("desk_owner_bank", pk=pk)
    history = [
        {"at": change.at, "who": change.who_name, **owner_bank_mail.in_words(change)} for change in changes.changes_of("owner_bank", owner.pk)[:30]
    ]
    return render(request, "payments/desk_owner_bank.html", {"client": owner, "bank": bank, "form": form, "banks": BANKS, "history": history})


def _order(pk: int) -> PayoutOrder:
    return get_object_or_404(PayoutOrder.objects.select_related("owner", "reviewed_by", "paid_by"), pk=pk)


def _order_page(
    request: HttpRequest, order: PayoutOrder, lines: list[PayoutLine], *, form: DeductionForm, transfer: TransferForm, status: int = 200
) -> HttpResponse:
    context = {
        "order": order,
        "lines": lines,
        "total": sum((line.net for line in lines), Decimal(0)),
        "bank": banks.bank_of(order.owner),
        "form": form,
        "transfer": transfer,
        "history": changes.changes_of("payout_order", order.pk)[:30],
    }
    return render(request, "payments/desk_payout.html", context, status=status)


def _lines(order: PayoutOrder) -> list[PayoutLine]:
    rows = order.lines.select_related("liquidation__lease__unit", "payout").order_by("liquidation__lease__unit__code", "liquidation__period", "pk")
    return list(
        rows.prefetch_related(
            "deductions__made_by", "commissions__invoice", "liquidation__sources__movement__payment__receipt",
            "liquidation__sources__movement__invoice", "liquidation__sources__movement__attempt",
        )
    )  # fmt: skip


urlpatterns = [
    path("egresos/", desk_payouts, name="desk_payouts"),
    path("egresos/liquidar/", desk_payouts_make, name="desk_payouts_make"),
    path("egresos/para-el-banco/", desk_payouts_bank, name="desk_payouts_bank"),
    path("egresos/del-banco/", desk_payouts_upload, name="desk_payouts_upload"),
    path("egresos/del-banco/<int:pk>/", desk_payouts_file, name="desk_payouts_file"),
    path("egresos/<int:pk>/", desk_payout, name="desk_payout"),
    path("egresos/<int:pk>/paso/<slug:step>/", desk_payout_step, name="desk_payout_step"),
    path("egresos/<int:pk>/descuentos/<int:deduction>/quitar/", desk_payout_forgive, name="desk_payout_forgive"),
    path("egresos/<int:pk>/liquidaciones/<int:liquidation>/deshacer/", desk_payout_discard, name="desk_payout_discard"),
    path("egresos/<int:pk>/comprobantes/<int:voucher>/", desk_payout_paper, name="desk_payout_paper"),
    path("clientes/<int:pk>/cuenta-bancaria/", desk_owner_bank, name="desk_owner_bank"),
]
