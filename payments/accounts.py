"""The agency's own accounts at the gateways, and which gateway is whose: secrets are kept encrypted, opened only to sign, verify
or ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from payments.gateway import Credentials, Gateway, GatewayState
from payments.models import GatewayAccount, TransferProof
from payments.payu.gateway import PayU
from payments.transfer.gateway import Entry, Transfer
from saas.audit.changes import Author, record
from saas.lib import crypto
from saas.lib.here import current_schema

PAYU, TRANSFER = "payu", "transfer"
TOLD = ("merchant_id", "account_id", "algorithm", "test")
TYPED_SECRETS = ("api_login", "api_key", "hmac_secret")
SECRETS = ("api_login", "api_key", "previous_api_key", "hmac_secret")
crypto.seals("payments.GatewayAccount", *SECRETS)


@dataclass(frozen=True, repr=False)
class AccountData:
    """What an agency types of its PayU account. Secrets are plain here and nowhere else."""

    merchant_id: str
    account_id: str
    api_login: str
    api_key: str
    hmac_secret: str = ""
    algorithm: str = "MD5"
    test: bool = True


def gateway() -> Gateway:
    """PayU at the addresses of the settings: PayU's own, its sandbox, or the stand-in."""
    return PayU(
        checkout_url=settings.PAYU_CHECKOUT_URL,
        reports_url=settings.PAYU_REPORTS_URL,
        payments_url=settings.PAYU_PAYMENTS_URL,
        schedule=tuple(settings.PAYU_POLL_SECONDS),
    )


def gateway_of(account: GatewayAccount) -> Gateway:
    """The gateway of an account. What is said of an attempt is read and verified by its own, never by another."""
    return GATEWAYS[account.provider]()


def active_account(provider: str = PAYU) -> GatewayAccount | None:
    """The account that new attempts by a provider use, or None: the agency cannot be paid so."""
    return GatewayAccount.objects.filter(active=True, provider=provider).first()


def active_accounts() -> list[GatewayAccount]:
    """Every account that may be paid to, PayU's first."""
    return sorted(GatewayAccount.objects.filter(active=True), key=lambda account: list(GATEWAYS).index(account.provider))


def save_account(data: AccountData) -> GatewayAccount:
    """Make `data` the agency's account. A changed key keeps the one before it, so that callbacks in flight still verify."""
    with transaction.atomic():
        account = GatewayAccount.objects.select_for_update().filter(active=True, provider=PAYU).first()
        if account is not None and account.merchant_id != data.merchant_id:
            # Another merchant: attempts in flight keep the account that they were sent with.
            account.active = False
            account.save(update_fields=["active"])
            account = None
        previous = _open(account, "api_key") if account else ""
        if account is None:
            account = GatewayAccount.objects.create(merchant_id=data.merchant_id, account_id=data.account_id)
        elif previous and previous != data.api_key:
            account.previous_api_key = _seal(account, "previous_api_key", previous)
        account.account_id, account.algorithm, account.test = data.account_id, data.algorithm, data.test
        account.api_login = _seal(account, "api_login", data.api_login)
        account.api_key = _seal(account, "api_key", data.api_key)
        account.hmac_secret = _seal(account, "hmac_secret", data.hmac_secret)
        account.save()
    return account


def save_by_staff(data: AccountData, *, staff: Author, now: datetime) -> GatewayAccount:
    """`save_account`, with its history: what is no secret as it was and is, of secrets only that they changed."""
    with transaction.atomic():
        old = active_account()
        before = {name: getattr(old, name) for name in TOLD} if old else {}
        was = {name: _open(old, name) for name in TYPED_SECRETS} if old else {}
        account = save_account(data)
        changed = {name: _("cambiada") for name in TYPED_SECRETS if was.get(name, "") != getattr(data, name)}
        record("payu_account", account.pk, before=before, after={**{name: getattr(account, name) for name in TOLD}, **changed}, by=staff, now=now)
    return account


def credentials(account: GatewayAccount) -> Credentials:
    """The account, opened. Its repr shows no secret; keep it out of logs all the same."""
    previous = _open(account, "previous_api_key")
    return Credentials(
        merchant_id=account.merchant_id,
        account_id=account.account_id,
        api_login=_open(account, "api_login"),
        api_key=_open(account, "api_key"),
        hmac_secret=_open(account, "hmac_secret"),
        algorithm=account.algorithm,
        previous_api_keys=(previous,) if previous else (),
        test=account.test,
        told=account.told,
    )


def _books(reference: str) -> list[Entry]:
    """The books of transfers: the proofs handed in under a reference, and what staff decided of them."""
    return [
        Entry(f"soporte-{proof.pk}", proof.attempt.amount, GatewayState(proof.state), proof.reason, proof.bank_reference)
        for proof in TransferProof.objects.filter(attempt__reference=reference).select_related("attempt").order_by("pk")
    ]


def _transfer() -> Gateway:
    return Transfer(books=_books)


GATEWAYS: dict[str, Callable[[], Gateway]] = {PAYU: lambda: gateway(), TRANSFER: _transfer}


def _seal(account: GatewayAccount, field: str, plain: str) -> str:
    if not plain:
        return ""
    return crypto.encrypt(plain, schema=current_schema(), model="payments.GatewayAccount", pk=account.pk, field=field)


def _open(account: GatewayAccount, field: str) -> str:
    token: str = getattr(account, field)
    if not token:
        return ""
    return crypto.decrypt(token, schema=current_schema(), model="payments.GatewayAccount", pk=account.pk, field=field)
