"""The seam between us and whoever moves the money: what a payment gateway must offer, in words shared by all of them.

A gateway is an object with the functions of `Gateway`, at the end of this page; `payments/accounts.py` knows which ones there
are, by the provider of an account. Two are here: PayU, which takes the payer away and calls back (`payu/`), and a bank transfer,
which the payer proves and staff confirm (`transfer/`). All that either says is one of the states below, and
`payments/settlement.py` alone turns it into money.

Frozen dataclasses, one Protocol and the errors. Promises that unknown is a state of its own, never "declined", and that
no secret shows in a repr or in a message. Never touches Django, the database, the clock or the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class GatewayState(StrEnum):
    """Where one try at paying is, as far as the gateway says. UNKNOWN: ask again; it decides nothing."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    CHARGEBACK = "chargeback"
    ERROR = "error"
    UNKNOWN = "unknown"


class FindingKind(StrEnum):
    """What a gateway-side movement is: money in (PAYMENT), money back (REFUND), or something we cannot tell."""

    PAYMENT = "payment"
    REFUND = "refund"
    UNKNOWN = "unknown"


class GatewayError(Exception):
    """Anything that goes wrong at the seam. Its message is Spanish, says what to do, and holds no secret."""


class GatewayUnavailable(GatewayError):  # noqa: N818
    """No usable answer (timeout, 5xx, HTML, open breaker): the state is unknown. Try again later; decline nothing."""


class GatewayRefused(GatewayError):  # noqa: N818
    """The gateway understood us and said no (credentials, permissions). Asking again will not help; tell the agency."""


class CheckoutRefused(GatewayError, ValueError):  # noqa: N818
    """A checkout cannot be built from this data. `field` names the offending part of CheckoutRequest or Credentials."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class NoticeRefused(GatewayError, ValueError):  # noqa: N818
    """A callback or return that cannot be read at all. `status` is the HTTP answer to give: 413 (too much) or 400."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class RefundRefused(GatewayError, ValueError):  # noqa: N818
    """A refund that the gateway's rules do not allow. The message says which rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An agency's account at its gateway. `previous_api_keys`: still accepted when verifying, never used to sign."""

    merchant_id: str
    account_id: str
    api_login: str = field(repr=False)
    api_key: str = field(repr=False)
    hmac_secret: str = field(default="", repr=False)
    algorithm: str = "MD5"
    previous_api_keys: tuple[str, ...] = field(default=(), repr=False)
    test: bool
    told: Mapping[str, str] = field(default_factory=dict)  # nothing secret: what a payer is told of the account


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who pays. `document_type` is ours: CC CE NIT TI PA PP PPT."""

    full_name: str
    email: str
    phone: str = ""
    document_type: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """One trip to the gateway. Money in `currency` units; `reference` is fresh and random; `expires_at` is aware."""

    reference: str
    amount: Decimal
    description: str
    payer: Payer
    response_url: str
    confirmation_url: str
    test: bool
    currency: str = "COP"
    tax: Decimal = Decimal(0)
    tax_base: Decimal = Decimal(0)
    language: str = "es"
    expires_at: datetime | None = None
    extras: tuple[str, ...] = ()
    payment_methods: tuple[str, ...] = ()
    iins: tuple[str, ...] = ()
    pse_banks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutForm:
    """An HTML form for the payer's browser to POST to `action`, fields in order. With `proof` the payer pays elsewhere, by what
    is `told` (label and value), and hands in a proof instead of being taken anywhere."""

    action: str
    fields: dict[str, str]
    told: tuple[tuple[str, str], ...] = ()
    proof: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a callback or a return claims. Only merchant, reference, amount, currency and state can be `signed`; the
    rest, the gateway's ids and `test` among it, are hints that anyone holding one valid signature can invent.
    `digest`: of a callback, 64 hex that are the same each time the gateway delivers it, and of no other."""

    merchant_id: str
    reference: str
    amount: Decimal | None
    currency: str
    state: GatewayState
    signed: bool
    test: bool
    gateway_order_id: str = ""
    gateway_transaction_id: str = ""
    method: str = ""
    method_type: str = ""
    method_label: str = ""
    bank: str = ""
    authorization: str = ""
    cus: str = ""
    response_code: str = ""
    message: str = ""
    tax: Decimal | None = None
    occurred_text: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One gateway-side movement found by asking the gateway itself: evidence, unlike a Notice. `evidence`: its JSON."""

    reference: str
    amount: Decimal | None
    currency: str
    state: GatewayState
    kind: FindingKind
    order_status: str
    test: bool | None = None
    merchant_id: str = ""
    gateway_order_id: str = ""
    gateway_transaction_id: str = ""
    gateway_parent_id: str = ""
    method: str = ""
    method_type: str = ""
    method_label: str = ""
    bank: str = ""
    authorization: str = ""
    cus: str = ""
    trace: str = ""
    response_code: str = ""
    message: str = ""
    tax: Decimal | None = None
    occurred_text: str = ""
    digest: str = ""
    evidence: str = ""

    @property
    def paid(self) -> bool:
        """Whether this is money in that the gateway holds as approved. Without an id it could be counted twice: no."""
        known = bool(self.gateway_transaction_id)
        return known and self.kind is FindingKind.PAYMENT and self.state is GatewayState.APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A gateway's answer to one question. Not `known`: it has no record yet (the payer may still be on its page);
    that is unknown, never declined, and is not to be asked again at once."""

    known: bool
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAnswer:
    """What came of asking for a refund. PENDING is the ordinary answer; the decision comes days later."""

    state: GatewayState
    gateway_order_id: str = ""
    gateway_transaction_id: str = ""
    message: str = ""


class Gateway(Protocol):
    """What a gateway must offer. Questions raise GatewayUnavailable or GatewayRefused; readers raise NoticeRefused."""

    @property
    def provider(self) -> str:
        """Its name in `GatewayAccount.provider`."""

    @property
    def paced(self) -> bool:
        """Whether its questions go over the network, within the agency's budget (payments/pace.py)."""

    @property
    def refunds(self) -> bool:
        """Whether it can be asked to send money back."""

    @property
    def schedule(self) -> tuple[int, ...]:
        """When to ask about an attempt, in seconds from its start. What is not decided by the last of them ends."""

    @property
    def pending_for(self) -> timedelta | None:
        """For how long what it holds as pending is asked about daily; None: until it is decided."""

    def build_form(self, credentials: Credentials, request: CheckoutRequest, *, now: datetime | None = None) -> CheckoutForm:
        """The form that takes the payer to the gateway. Raises CheckoutRefused."""

    def read_callback(self, body: bytes, content_type: str, *, credentials: Credentials | None = None) -> Notice:
        """What the gateway's server POSTed. `signed` only if `credentials` are given and the signature is theirs."""

    def read_return(self, query: Mapping[str, str], *, credentials: Credentials | None = None) -> Notice:
        """What the payer's browser brought back: shows, never decides."""

    def ping(self, credentials: Credentials) -> None:
        """Returns when the gateway is there and takes these credentials; raises otherwise."""

    def ask_by_reference(self, credentials: Credentials, reference: str) -> Answer:
        """Every movement under a reference, approved or not."""

    def ask_by_order(self, credentials: Credentials, order_id: str) -> Answer:
        """Every movement of a gateway's order."""

    def cash_warning(self, amount: Decimal) -> str:
        """What to tell a payer of `amount` (COP) about paying in cash, before he leaves; empty if there is nothing."""

    def check_refund(self, *, amount: Decimal, method: str, approved_at: datetime, now: datetime) -> None:
        """Returns if the gateway's rules allow to refund `amount` of a payment made by `method`; raises RefundRefused."""

    def request_refund(
        self,
        credentials: Credentials,
        *,
        order_id: str,
        gateway_transaction_id: str,
        reason: str,
        amount: Decimal | None = None,
    ) -> RefundAnswer:
        """Ask for all of a payment back, or for `amount` of it. Raises RefundRefused, or GatewayRefused when it was not
        taken; after GatewayUnavailable it may have been: ask before asking for it again."""
