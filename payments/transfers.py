"""Bank transfers with proof: the account that the agency names, the proof that a client hands in, and what staff decide of it.

A decision is written in the gateway's books (`TransferProof`) and taken through the same question as any gateway's answer
(`reconcile.ask` → `settlement.settle_answer`): a second payment is a credit, a late one is kept. An approval is left only by
a reversal. The attempt is locked first, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.files.storage import default_storage
from django.db import transaction

from payments import accounts, proofs, reconcile
from payments.models import Attempt, AttemptState, GatewayAccount, TransferProof, TransferState
from saas.accounts.models import User
from saas.audit import changes


class TransferRefused(ValueError):  # noqa: N818
    """Why a proof is not taken or not decided so, in Spanish, for people."""


def save_account(told: Mapping[str, str], *, active: bool, staff: User, now: datetime) -> GatewayAccount:
    """Where clients send their transfers, and whether they may. Kept in the history."""
    with transaction.atomic():
        account = account_of()
        before = {**account.told, "active": account.active} if account else {}
        if account is None:
            account = GatewayAccount(provider=accounts.TRANSFER, test=False)
        account.told, account.active = dict(told), active
        account.save()
        changes.record("transfer_account", account.pk, before=before, after={**told, "active": active}, by=staff, now=now)
        return account


def account_of() -> GatewayAccount | None:
    """The account that was named last, whether it is active or not."""
    return GatewayAccount.objects.filter(provider=accounts.TRANSFER).order_by("-pk").first()


def hand_in(attempt_id: int, proof: proofs.ProofFile, *, now: datetime) -> TransferProof:
    """Keep the proof of an attempt and have it wait for staff. One for each attempt: the same again is the first. Raises
    TransferRefused."""
    path = ""
    try:
        with transaction.atomic():
            attempt = _locked(attempt_id)
            made = TransferProof.objects.filter(attempt=attempt).first()
            if made is not None:
                return made
            if attempt.account.provider != accounts.TRANSFER or attempt.state != AttemptState.SENT:
                raise TransferRefused("Este pago ya no espera un soporte. Empiece otro.")
            kept = proofs.store(proof, name=f"transferencia-{attempt.payment_id}")
            path = kept["path"]
            made = TransferProof.objects.create(attempt=attempt, **kept, sent_at=now)
            reconcile.ask(attempt.pk, now=now)
            return made
    except BaseException:
        if path:
            default_storage.delete(path)  # nothing points to it
        raise


def confirm(proof_id: int, *, bank_reference: str, staff: User, now: datetime) -> TransferProof:
    """The money is in the account. Again it does nothing; one that was rejected may still turn out to have come."""
    with transaction.atomic():
        proof = _proof(proof_id)
        if proof.state != TransferState.CONFIRMED:
            _decide(proof, TransferState.CONFIRMED, staff=staff, now=now, bank_reference=bank_reference, reason="")
        return proof


def reject(proof_id: int, *, reason: str, staff: User, now: datetime) -> TransferProof:
    """The money is not there; the client is told why. Again it does nothing. Raises TransferRefused for one that was confirmed."""
    with transaction.atomic():
        proof = _proof(proof_id)
        if proof.state == TransferState.CONFIRMED:
            raise TransferRefused("Esta transferencia ya se confirmó: si el dinero no llegó, reverse el pago.")
        if proof.state != TransferState.REJECTED:
            _decide(proof, TransferState.REJECTED, staff=staff, now=now, bank_reference="", reason=reason)
        return proof


def _decide(
    proof: TransferProof, state: TransferState, *, staff: User, now: datetime, bank_reference: str, reason: str
) -> None:
    before = {"state": proof.state}
    proof.state, proof.decided_by, proof.decided_at = state, staff, now
    proof.bank_reference, proof.reason = bank_reference, reason
    proof.save(update_fields=["state", "decided_by", "decided_at", "bank_reference", "reason"])
    changes.record("transfer_proof", proof.pk, before=before, after={"state": str(state)}, by=staff, now=now)
    reconcile.ask(proof.attempt_id, now=now)


def _proof(proof_id: int) -> TransferProof:
    _locked(TransferProof.objects.values_list("attempt_id", flat=True).get(pk=proof_id))
    return TransferProof.objects.get(pk=proof_id)


def _locked(attempt_id: int) -> Attempt:
    return Attempt.objects.select_for_update(of=("self",)).select_related("account").get(pk=attempt_id)
