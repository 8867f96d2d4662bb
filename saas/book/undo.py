"""Undo the last import, while nothing depends on it.

What it made is taken away and what it changed is put back, exactly, in one transaction; or nothing is done and it is said what
holds it and where. A thing that somebody edited since, or to which something else is tied (a payment, a paper that was given
out, an account, a case), holds it. The records of the import say what it wrote; the database lets nothing else go.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Model, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from clientarea import history
from clientarea.importing import store
from clientarea.models import OPEN_IMPORTS, BookImport, BookRecord, Client, ImportState, Lease, Ownership, Unit
from payments.models import Counter, Invoice, Movement, Payment, PaymentLine, Payout, Receipt
from payments.receipts import PREFIX
from saas.accounts.models import User
from saas.audit.changes import record
from saas.book.imports import MovedOnError, held
from saas.book.outcome import mark, plain
from saas.jobs.defer import defer
from saas.lib.progress import teller

MODELS: dict[str, type[Model]] = {
    "client": Client, "unit": Unit, "lease": Lease, "invoice": Invoice, "payment": Payment, "movement": Movement, "payout": Payout,
}  # fmt: skip
TOLD = 50  # reasons that are kept
LAST_FIRST = ("payout", "movement", "payment", "invoice", "lease", "unit", "client")
SIMPLE = ("client", "unit", "lease", "invoice", "payout")  # whose fields an import may change


def last_applied() -> BookImport | None:
    """The import that may be undone: the newest of those that stand, while none is open."""
    if BookImport.objects.filter(state__in=OPEN_IMPORTS).exists():
        return None
    return BookImport.objects.filter(state=ImportState.APPLIED).order_by("-applied_at", "-pk").first()


def ask(book_id: int, *, by: User, now: datetime) -> None:
    """Ask for the undo of the last import. Raises MovedOnError if it is not the last, or another is open."""
    with transaction.atomic():
        last = last_applied()
        if last is None or last.pk != book_id:
            raise MovedOnError
        moved = BookImport.objects.filter(pk=book_id, state=ImportState.APPLIED).update(
            state=ImportState.UNDOING, busy=True, undone_by_name=by.name, holding=[], error=""
        )
        if not moved:
            raise MovedOnError
        record("book", book_id, before={"state": ImportState.APPLIED.label}, after={"state": ImportState.UNDOING.label}, by=by, now=now)
        defer("book.undo", f"{book_id}:{now:%Y%m%d%H%M%S%f}", now=now, book_id=book_id)


def undo(book_id: int, *, now: datetime) -> None:
    """Undo an import whose undo was asked for, or say what holds it. Safe to repeat."""
    with transaction.atomic():
        book = held(book_id, ImportState.UNDOING, now=now)
        if book is None:
            return
        work = _Undo(book)
        holding = work.holding()
        if holding:
            book.state, book.busy, book.undone_by_name = ImportState.APPLIED, None, ""
            book.holding = holding[:TOLD] + ([["", 0, _("Y %s más.") % (len(holding) - TOLD)]] if len(holding) > TOLD else [])
            book.save()
            return
        work.carry_out(now=now)
        book.state, book.busy, book.undone_at = ImportState.UNDONE, None, now
        book.save()


class _Undo:
    """One undo: everything that it touches is locked when it is made, payments before invoices, each by id, and then the counter
    of receipts if it brought some of ours."""

    def __init__(self, book: BookImport) -> None:
        self._tell = teller(f"book:{book.pk}", _("Deshaciendo"))
        records = list(BookRecord.objects.filter(book=book).order_by("pk"))
        self._made: dict[str, dict[int, str]] = {kind: {} for kind in MODELS}  # what the import made: its mark
        self._changed: dict[str, dict[int, BookRecord]] = {kind: {} for kind in (*MODELS, "shares")}
        for row in records:
            if row.created:
                self._made[row.kind][row.object_id] = row.after["mark"]
            else:
                self._changed[row.kind][row.object_id] = row
        self._steps = len(records)
        self._there: dict[str, dict[int, Any]] = {}
        payments = self._made["payment"]
        for kind in ("payment", "invoice", "client", "unit", "lease", "payout"):
            rows = MODELS[kind]._default_manager.select_for_update(of=("self",)).order_by("pk")
            ids = {*self._made[kind], *self._changed[kind]}
            if kind == "invoice":  # with those that its payments cover: all in one order
                moved = {*_ids(Movement, "payment_id", payments), *self._made["movement"]}
                ids |= {pk for pk in _values(Movement, "invoice_id", moved) if pk}
            self._there[kind] = {thing.pk: thing for thing in store.found(rows, "pk", sorted(ids))}
        self._doomed: dict[type[Model], set[int]] = {
            Movement: {*_ids(Movement, "payment_id", payments), *self._made["movement"]},
            Receipt: _ids(Receipt, "payment_id", payments),
            PaymentLine: _ids(PaymentLine, "payment_id", payments),
            Ownership: _ids(Ownership, "unit_id", {*self._made["unit"], *self._changed["shares"]}),
            **{MODELS[kind]: set(self._made[kind]) for kind in ("client", "unit", "lease", "invoice", "payment", "payout")},
        }
        # Of our own series, as an export brings them back: nobody numbers another while these go.
        receipts = store.found(Receipt.objects.filter(prefix=PREFIX), "pk", sorted(self._doomed[Receipt]))
        self._numbers = [receipt.number for receipt in receipts]
        if self._numbers:
            Counter.objects.get_or_create(name="receipt")
            Counter.objects.select_for_update().get(name="receipt")

    def holding(self) -> list[list[Any]]:
        """What stands in the way: kind and id of the thing, and the reason in words. Empty if nothing does."""
        found: list[list[Any]] = []
        for kind in LAST_FIRST:
            if kind != "movement":
                found += self._edited(kind)
        found += self._resold()
        for kind in LAST_FIRST:
            found += self._tied(kind)
        found += self._used()
        found += self._numbered_since()
        found += [
            ["client", pk, _("%s: ya tiene una cuenta o una invitación.") % self._name("client", pk)]
            for pk in self._made["client"]
            if pk in self._there["client"] and self._there["client"][pk].user_id is not None
        ]
        return found

    def carry_out(self, *, now: datetime) -> None:
        """Take away and put back."""
        invoices = {pk for pk in _values(Movement, "invoice_id", self._doomed[Movement]) if pk} - self._doomed[Invoice]
        self._take(Movement)
        for piece in store.chunks(sorted(invoices)):
            moved = Movement.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice").annotate(sum=Sum("amount")).values("sum")
            Invoice.objects.filter(pk__in=piece).update(applied=Coalesce(Subquery(moved), 0, output_field=Invoice._meta.get_field("applied")))
        self._take(Receipt, PaymentLine, Payment, Payout)
        if self._numbers:
            most = Receipt.objects.filter(prefix=PREFIX).aggregate(most=Max("number"))["most"]
            Counter.objects.filter(name="receipt").update(value=most or 0)
        self._put_back(now=now)
        self._take(Invoice, Ownership, Lease)
        self._give_shares_back()
        self._take(Unit, Client)
        with connection.cursor() as cursor:  # what is still tied to something fails here, not at the end of the transaction
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def _edited(self, kind: str) -> list[list[Any]]:
        there = self._there[kind]
        found = []
        for pk, was in self._made[kind].items():
            if pk not in there:
                found.append([kind, 0, _("Algo que creó la importación ya no está (%(kind)s %(id)s).") % {"kind": kind, "id": pk}])
            elif mark(there[pk]) != was:
                found.append([kind, pk, _("%s: alguien lo cambió después de la importación.") % self._name(kind, pk)])
        for pk, row in self._changed[kind].items():
            thing = there.get(pk)
            changed = [name for name, value in row.after.items() if thing is None or not _same(thing, name, value)]
            if changed:
                told = {"name": self._name(kind, pk), "fields": ", ".join(_label(MODELS[kind], name) for name in changed)}
                found.append([kind, pk, _("%(name)s: alguien cambió después %(fields)s.") % told])
        return found

    def _resold(self) -> list[list[Any]]:
        units = self._changed["shares"]
        now: dict[int, dict[str, str | None]] = {pk: {} for pk in units}
        for share in store.found(Ownership.objects.all(), "unit_id", units):
            now[share.unit_id][str(share.owner_id)] = plain(share.share)
        names = {unit.pk: str(unit) for unit in store.found(Unit.objects.all(), "pk", [pk for pk in units if now[pk] != units[pk].after])}
        return [["unit", pk, _("%s: alguien cambió después sus propietarios.") % name] for pk, name in names.items()]

    def _used(self) -> list[list[Any]]:
        """The payments whose money staff moved since: by a credit note, by using the credit, or back."""
        later = Movement.objects.filter(Q(credit_note__isnull=False) | Q(credit_use__isnull=False) | Q(reversal__isnull=False))
        whose = sorted({row.payment_id or 0 for row in store.found(later, "pk", self._doomed[Movement])})
        told = _("%s: su dinero se movió después (nota crédito, saldo a favor o reverso).")
        return [["payment", pk, told % self._name("payment", pk)] for pk in whose]

    def _numbered_since(self) -> list[list[Any]]:
        """A receipt of ours that came after one that the import brought: without that one the numbers would have a gap."""
        if not self._numbers:
            return []
        later = Receipt.objects.filter(prefix=PREFIX, number__gt=min(self._numbers)).order_by("number").values_list("number", "payment_id")
        gone = self._made["payment"]
        found = next((f"{PREFIX}-{number}" for number, payment in later if payment not in gone), "")
        told = _("Después se expidió el comprobante %s: sin los que trajo la importación la numeración tendría un hueco.")
        return [["", 0, told % found]] if found else []

    def _tied(self, kind: str) -> list[list[Any]]:
        """The rows of others that point at what would go, whatever table they are in."""
        found = []
        model = MODELS[kind]
        ids = {*self._made["movement"]} if kind == "movement" else self._doomed[model]
        pairs: list[tuple[type[Model], set[int], dict[int, int]]] = [(model, ids, {})]
        if kind == "payment":
            owner = dict(Receipt.objects.filter(pk__in=self._doomed[Receipt]).values_list("pk", "payment_id")) if self._doomed[Receipt] else {}
            pairs.append((Receipt, self._doomed[Receipt], owner))
            rows = store.found(Movement.objects.filter(payment__isnull=False), "pk", self._doomed[Movement])
            moved = {row.pk: row.payment_id or 0 for row in rows}
            pairs.append((Movement, set(moved), moved))
        for pointed, ids, whose in pairs:
            for relation in pointed._meta.related_objects:
                other: Any = relation.related_model
                if not relation.field.concrete or relation.field.many_to_many:
                    continue
                gone = self._doomed.get(other, set())
                counts: dict[int, int] = {}
                for piece in store.chunks(sorted(ids)):
                    rows = other._default_manager.filter(**{f"{relation.field.name}__in": piece}).order_by()
                    for pk, at in rows.values_list("pk", relation.field.attname):
                        if pk not in gone:
                            counts[at] = counts.get(at, 0) + 1
                label = str(other._meta.verbose_name_plural)
                for at, count in sorted(counts.items()):
                    pk = whose.get(at, at)
                    told = {"name": self._name(kind, pk), "what": TIED.get(other.__name__, label), "count": count}
                    found.append([kind, pk, _("%(name)s: tiene %(what)s (%(count)s).") % told])
        return found

    def _put_back(self, *, now: datetime) -> None:
        for kind in SIMPLE:
            rows, fields = [], set()
            contacts: dict[int, dict[str, str]] = {}
            for pk, row in self._changed[kind].items():
                thing = self._there[kind][pk]
                if kind == "client":
                    contacts[pk] = history.contact(thing)
                for name, value in row.before.items():
                    setattr(thing, name, _field(type(thing), name).to_python(value))
                    fields.add(name)
                rows.append(thing)
            store.rewrite(rows, sorted(fields))
            if kind == "client":
                history.keep_imported(rows, before=contacts, now=now)

    def _give_shares_back(self) -> None:
        store.insert(
            [
                Ownership(unit_id=unit, owner_id=int(owner), share=_field(Ownership, "share").to_python(share))
                for unit, row in self._changed["shares"].items()
                for owner, share in row.before.items()
            ]
        )

    def _take(self, *models: type[Model]) -> None:
        for model in models:
            ids = sorted(self._doomed[model])
            for done, piece in enumerate(store.chunks(ids), start=1):
                with connection.cursor() as cursor:
                    cursor.execute(f'DELETE FROM "{model._meta.db_table}" WHERE id = ANY(%s)', [piece])  # noqa: S608  (a table of ours)
                self._tell(min(done * store.CHUNK, len(ids)), len(ids))

    def _name(self, kind: str, pk: int) -> str:
        thing = self._there.get(kind, {}).get(pk)
        label = str(MODELS[kind]._meta.verbose_name).capitalize()
        if thing is None:
            return label
        if kind == "payment":
            receipt = Receipt.objects.filter(payment_id=pk).first()
            return f"{label} {receipt.full_number}" if receipt else label
        return f"{label} {thing.full_number if hasattr(thing, 'full_number') else thing}"


# What the rows of a table are to whoever reads that they hold an undo, where their name does not say it.
TIED = {
    "Attempt": _lazy("intentos de pago"), "ReceiptFile": _lazy("el comprobante en PDF, que ya se hizo"), "PaymentLine": _lazy("pagos"),
    "Ownership": _lazy("inmuebles"), "InvitationLine": _lazy("invitaciones"), "Movement": _lazy("movimientos de otros pagos"),
    "PortalView": _lazy("vistas como cliente"), "CreditUse": _lazy("cruces de saldo a favor"), "Proof": _lazy("un soporte"),
    "Refund": _lazy("reembolsos"), "PayoutSource": _lazy("una liquidación al propietario"), "Case": _lazy("PQRS"),
}  # fmt: skip


def _same(thing: Model, name: str, value: str | None) -> bool:
    return plain(getattr(thing, name)) == value


def _field(model: type[Model], name: str) -> Any:
    field: Any = model._meta.get_field(name)
    return field.target_field if field.is_relation else field


def _label(model: type[Model], name: str) -> str:
    return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _ids(model: type[Model], field: str, keys: Iterable[int]) -> set[int]:
    rows = model._default_manager.order_by()
    return {pk for piece in store.chunks(sorted(keys)) for pk in rows.filter(**{f"{field}__in": piece}).values_list("pk", flat=True)}


def _values(model: type[Model], field: str, ids: Iterable[int]) -> set[Any]:
    rows = model._default_manager.order_by()
    return {value for piece in store.chunks(sorted(ids)) for value in rows.filter(pk__in=piece).values_list(field, flat=True)}
