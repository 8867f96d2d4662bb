"""The comparison: what the stand-in's own books hold as paid, what the desk was told is registered, and what staff decided of
transfers, against what each agency's ledger credited, per reference."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.journeys.stack import Stack


@dataclass
class Verdict:
    """What came of a run. `lost` and `doubled` name references, with (theirs, ours) in COP; empty lists are good."""

    approved: int = 0
    references: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # sums and papers
    lags: list[float] = field(default_factory=list)  # seconds from the gateway's approval to the receipt's row
    papers: list[float] = field(default_factory=list)  # and to its PDF
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Nothing lost, doubled, missing or stuck."""
        return not (self.lost or self.doubled or self.gaps or self.stuck or self.wrong)


def compare(
    stack: Stack, slugs: list[str], *, registered: Mapping[tuple[str, str], int], unanswered: Mapping[tuple[str, str], int],
    transfers: Mapping[tuple[str, int], bool], undecided: Set[tuple[str, int]],
) -> Verdict:
    """Look at everything once, as it is now. `registered` at the desk, COP by agency and reference; `unanswered` may be too.
    `transfers`: by agency and proof, whether it was confirmed; what is `undecided` may be either."""
    verdict = Verdict()
    theirs: dict[str, Decimal] = {}
    rows = stack.payu_control("transactions")
    for row in rows:
        if row["state"] == "APPROVED" and row["type"] == "AUTHORIZATION_AND_CAPTURE":
            verdict.approved += 1
            theirs[row["reference"]] = theirs.get(row["reference"], Decimal(0)) + Decimal(row["value"])
        if row["state"] == "PENDING":
            verdict.stuck.append(f"{row['reference']}: still pending at the gateway")
    sent = [notice["state"] for row in rows for notice in row["callbacks"]]
    verdict.facts["notices of the gateway"] = len(sent)
    verdict.facts["of these lost on purpose"] = sent.count("lost")
    verdict.facts["given up by the gateway"] = sent.count("given up")
    if "waiting" in sent:
        verdict.stuck.append(f"{sent.count('waiting')} notices of the gateway still on their way")
    verdict.references = len(theirs)
    ours: dict[str, Decimal] = {}
    for slug in slugs:
        ours |= _ledger(stack, slug)
        _numbers(stack, slug, verdict)
        _waiting(stack, slug, verdict, known={row["reference"] for row in rows})
        _sums(stack, slug, verdict)
        _lags(stack, slug, verdict)
        _desk(stack, slug, verdict, {name: amount for (where, name), amount in registered.items() if where == slug}, unanswered)
        _transfers(stack, slug, verdict, {proof: confirmed for (where, proof), confirmed in transfers.items() if where == slug}, undecided)
    for reference in sorted(set(theirs) | set(ours)):
        there, here = theirs.get(reference, Decimal(0)), ours.get(reference, Decimal(0))
        if here < there:
            verdict.lost.append(f"{reference}: {there} there, {here} here")
        elif here > there:
            verdict.doubled.append(f"{reference}: {there} there, {here} here")
    return verdict


def _ledger(stack: Stack, slug: str) -> dict[str, Decimal]:
    found = stack.query(
        slug,
        "SELECT a.reference, sum(m.amount) FROM payments_movement m JOIN payments_attempt a ON a.id = m.attempt_id"
        " JOIN payments_gatewayaccount g ON g.id = a.account_id WHERE g.provider = 'payu' GROUP BY 1",
    )
    return dict(found)


def _desk(stack: Stack, slug: str, verdict: Verdict, registered: Mapping[str, int], unanswered: Mapping[tuple[str, str], int]) -> None:
    """Each form is one payment with one proof, however often it was sent."""
    ours: dict[str, tuple[Decimal, int]] = {
        reference: (amount, proofs)
        for reference, amount, proofs in stack.query(
            slug,
            "SELECT p.reference, sum(m.amount), count(DISTINCT f.id) FROM payments_payment p LEFT JOIN payments_movement m ON m.payment_id = p.id"
            " LEFT JOIN payments_proof f ON f.payment_id = p.id WHERE p.source = 'manual' AND p.reference LIKE 'CAOS-%' GROUP BY 1",
        )
    }
    for reference in sorted(set(ours) | set(registered)):
        here, proofs = ours.get(reference, (Decimal(0), 0))
        told = registered.get(reference, here if unanswered.get((slug, reference)) == here else 0)
        if here < told:
            verdict.lost.append(f"{slug}, registered at the desk: {reference}: {told} told, {here} here")
        elif here > told:
            verdict.doubled.append(f"{slug}, registered at the desk: {reference}: {told} told, {here} here")
        elif here and proofs != 1:
            verdict.wrong.append(f"{slug}, registered at the desk: {reference} has {proofs} proofs")


def _transfers(stack: Stack, slug: str, verdict: Verdict, decided: Mapping[int, bool], undecided: Set[tuple[str, int]]) -> None:
    """What staff confirmed was credited once, whole and with one receipt; what they rejected, and what waits, was not."""
    rows = stack.query(
        slug,
        "SELECT t.id, t.state, a.amount, COALESCE((SELECT sum(amount) FROM payments_movement WHERE attempt_id = a.id), 0),"
        " (SELECT count(*) FROM payments_receipt r JOIN payments_payment p ON p.id = r.payment_id WHERE p.credited_by_id = a.id)"
        " FROM payments_transferproof t JOIN payments_attempt a ON a.id = t.attempt_id ORDER BY t.id",
    )
    for proof, state, amount, credited, receipts in rows:
        confirmed = state == "approved" if (slug, proof) in undecided else decided.get(proof, False)
        told = amount if confirmed else 0
        if credited < told:
            verdict.lost.append(f"{slug}, transfer {proof}: {told} confirmed, {credited} here")
        elif credited > told:
            verdict.doubled.append(f"{slug}, transfer {proof}: {told} confirmed, {credited} here")
        elif receipts != confirmed:
            verdict.wrong.append(f"{slug}, transfer {proof} has {receipts} receipts")
    if missing := set(decided) - {row[0] for row in rows}:
        verdict.lost.append(f"{slug}, transfers decided and not there: {sorted(missing)}")
    verdict.facts["transfers with a proof"] = verdict.facts.get("transfers with a proof", 0) + len(rows)


def _numbers(stack: Stack, slug: str, verdict: Verdict) -> None:
    numbers = [row[0] for row in stack.query(slug, "SELECT number FROM payments_receipt WHERE prefix = 'CP' ORDER BY number")]
    missing = sorted(set(range(1, len(numbers) + 1)) ^ set(numbers))
    verdict.gaps += [f"{slug}: receipt number {number}" for number in missing]
    verdict.facts["receipts"] = verdict.facts.get("receipts", 0) + len(numbers)


def _waiting(stack: Stack, slug: str, verdict: Verdict, *, known: set[str]) -> None:
    """Work that has been due for a while and is not done, or was set aside; callbacks that nobody judged; attempts that the gateway knows of and
    that never ended (one that nobody paid waits for its time)."""
    jobs = stack.query(
        slug,
        "SELECT kind, key, attempts, last_error, dead_at IS NOT NULL FROM jobs_job"
        " WHERE done_at IS NULL AND (dead_at IS NOT NULL OR due_at <= now() - interval '15 seconds')",
    )
    for kind, key, tries, error, dead in jobs:
        verdict.stuck.append(f"{slug}: job {kind} {key}, {tries} tries, {'dead' if dead else 'due'}: {error[:120]}")
    for (row_id,) in stack.query(slug, "SELECT id FROM payments_callback WHERE state = 'new'"):
        verdict.stuck.append(f"{slug}: callback {row_id} was never judged")
    for (reference,) in stack.query(slug, "SELECT reference FROM payments_attempt WHERE state IN ('sent', 'pending')"):
        if reference in known:
            verdict.stuck.append(f"{slug}: attempt {reference} never ended")
    for state, reason, rows, times in stack.query(
        slug, "SELECT state, reason, count(*), sum(times) FROM payments_callback GROUP BY 1, 2 ORDER BY 1, 2"
    ):
        name = f"callbacks {state}" + (f" ({reason})" if reason else "")
        verdict.facts[name] = verdict.facts.get(name, 0) + rows
        verdict.facts["callbacks received"] = verdict.facts.get("callbacks received", 0) + times


def _sums(stack: Stack, slug: str, verdict: Verdict) -> None:
    for name, sql in (
        (
            "an invoice's amount applied is not the sum of its movements",
            "SELECT i.id FROM payments_invoice i LEFT JOIN payments_movement m ON m.invoice_id = i.id"
            " GROUP BY i.id HAVING i.applied <> COALESCE(sum(m.amount), 0) OR i.applied > i.total",
        ),
        (
            "an approved payment without its movements",
            "SELECT p.id FROM payments_payment p LEFT JOIN payments_movement m ON m.payment_id = p.id WHERE p.state = 'approved'"
            " GROUP BY p.id HAVING p.amount <> COALESCE(sum(m.amount), 0)",
        ),
        (
            "an approved payment without a receipt",
            "SELECT p.id FROM payments_payment p LEFT JOIN payments_receipt r ON r.payment_id = p.id WHERE p.state = 'approved' AND r.id IS NULL",
        ),
        (
            "a receipt without its PDF",
            "SELECT r.id FROM payments_receipt r LEFT JOIN payments_receiptfile f ON f.receipt_id = r.id WHERE r.prefix = 'CP' AND f.id IS NULL",
        ),
    ):
        verdict.wrong += [f"{slug}: {name}: {row[0]}" for row in stack.query(slug, sql)]


def _lags(stack: Stack, slug: str, verdict: Verdict) -> None:
    decided = {row["reference"]: row["decided"] for row in stack.payu_control("transactions") if row["state"] == "APPROVED"}
    for reference, issued, made in stack.query(
        slug,
        "SELECT r.content->>'reference', extract(epoch FROM r.issued_at), extract(epoch FROM f.made_at) FROM payments_receipt r"
        " JOIN payments_receiptfile f ON f.receipt_id = r.id WHERE r.prefix = 'CP'",
    ):
        if reference in decided:
            verdict.lags.append(max(0.0, float(issued) - decided[reference]))
            verdict.papers.append(max(0.0, float(made) - decided[reference]))
