"""PayU behind the seam: the `Gateway` protocol over this package's functions, for one set of addresses.

Promises nothing that the functions do not; holds addresses only. Never holds credentials.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from payments.gateway import Answer, CheckoutForm, CheckoutRequest, Credentials, Notice, RefundAnswer
from payments.payu import notice, queries, replies, webcheckout

# Seconds: 7, 10 and 30 minutes, 1, 3, 12 and 24 hours, then daily to the fifth day.
SCHEDULE = (420, 600, 1800, 3600, 10800, 43200, 86400, 172800, 259200, 345600, 432000)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayU:
    """Where PayU is: its own sandbox or production, or a stand-in. `transport` carries questions; `timeout` in s."""

    checkout_url: str
    reports_url: str
    payments_url: str
    provider: str = "payu"
    paced: bool = True
    refunds: bool = True
    schedule: tuple[int, ...] = SCHEDULE
    # What PayU itself holds as pending is asked about daily while it may still be paid: cash has seven days.
    pending_for: timedelta | None = timedelta(days=8)
    transport: queries.Transport = queries.post
    timeout: float = queries.TIMEOUT

    def build_form(self, credentials: Credentials, request: CheckoutRequest, *, now: datetime | None = None) -> CheckoutForm:
        """See webcheckout.build_form."""
        return webcheckout.build_form(credentials, request, checkout_url=self.checkout_url, now=now)

    def read_callback(self, body: bytes, content_type: str, *, credentials: Credentials | None = None) -> Notice:
        """Read, verify if `credentials` are given, and put in our words. Raises NoticeRefused."""
        fields = notice.parse_callback(body, content_type)
        signed = credentials is not None and notice.verify_callback(fields, credentials)
        return notice.notice_from_callback(fields, signed=signed)

    def read_return(self, query: Mapping[str, str], *, credentials: Credentials | None = None) -> Notice:
        """Read, verify if `credentials` are given, and put in our words. Raises NoticeRefused."""
        fields = notice.parse_return(query)
        signed = credentials is not None and notice.verify_return(fields, credentials)
        return notice.notice_from_return(fields, signed=signed)

    def ping(self, credentials: Credentials) -> None:
        """Raises GatewayUnavailable or GatewayRefused."""
        self._ask(credentials, queries.ping_request(credentials), self.reports_url)

    def ask_by_reference(self, credentials: Credentials, reference: str) -> Answer:
        """Raises GatewayUnavailable or GatewayRefused."""
        request = queries.reference_request(credentials, reference=reference)
        return replies.read_orders(self._ask(credentials, request, self.reports_url), reference=reference)

    def ask_by_order(self, credentials: Credentials, order_id: str) -> Answer:
        """Raises GatewayUnavailable or GatewayRefused."""
        request = queries.order_request(credentials, order_id=order_id)
        return replies.read_orders(self._ask(credentials, request, self.reports_url))

    def cash_warning(self, amount: Decimal) -> str:
        """PayU's limits for Efecty and the like (see webcheckout.cash_limits)."""
        return webcheckout.cash_warning(amount)

    def check_refund(self, *, amount: Decimal, method: str, approved_at: datetime, now: datetime) -> None:
        """See queries.check_refund. Raises RefundRefused."""
        queries.check_refund(amount=amount, method=method, approved_at=approved_at, now=now)

    def request_refund(
        self,
        credentials: Credentials,
        *,
        order_id: str,
        gateway_transaction_id: str,
        reason: str,
        amount: Decimal | None = None,
    ) -> RefundAnswer:
        """Raises RefundRefused or GatewayRefused; GatewayUnavailable means that it may have been taken all the
        same: ask about the order before asking for the refund again."""
        request = queries.refund_request(
            credentials, order_id=order_id, transaction_id=gateway_transaction_id, reason=reason, amount=amount
        )
        return replies.read_refund(self._ask(credentials, request, self.payments_url))

    def _ask(self, credentials: Credentials, request: queries.Payload, url: str) -> queries.Payload:
        return queries.ask(credentials, request, url=url, transport=self.transport, timeout=self.timeout)
