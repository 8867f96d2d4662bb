"""Whether a receipt or a paz y salvo is true, for anyone who holds its code. Tells what the paper says of itself (number, date,
amount; day and last digits of the document), never a name."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from payments.models import PaymentState, Receipt
from payments.statements import clearance
from saas.accounts.doors import everyone

# Codes have 80 random bits: this only keeps a machine that guesses from keeping us busy.
PER_MINUTE = 30


@everyone
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """What is known of the receipt with that code, or a friendly 404."""
    if _too_many(request):
        response = _page(request, {"state": "busy"}, status=429)
        response["Retry-After"] = "60"
        return response
    # People copy it with the spaces of the paper, and in small letters.
    clean = "".join(sign for sign in code if sign.isalnum()).upper()[:24]
    receipt = Receipt.objects.select_related("payment").filter(code=clean).first()
    if receipt is None:
        return _page(request, {"state": "unknown"}, status=404)
    state = "reversed" if receipt.payment.state == PaymentState.REVERSED else "valid"
    gone = receipt.payment.reversals.aggregate(sum=Sum("amount"))["sum"] if state == "valid" else None
    return _page(request, {"state": state, "receipt": receipt, "test": receipt.content.get("test", False), "gone": gone}, status=200)


@everyone
def clearance_check(request: HttpRequest, token: str) -> HttpResponse:
    """What the letter of paz y salvo with that address says, or a friendly 404."""
    if _too_many(request):
        response = _page(request, {"state": "busy"}, status=429)
        response["Retry-After"] = "60"
        return response
    letter = clearance.check(token)
    return _page(request, {"state": "letter" if letter else "no_letter", "letter": letter}, status=200 if letter else 404)


def counter_of(address: str) -> str:
    """The cache's key for the questions of one address."""
    return f"verify:{address}"


def _page(request: HttpRequest, context: dict[str, object], *, status: int) -> HttpResponse:
    response = render(request, "payments/verify.html", context, status=status)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _too_many(request: HttpRequest) -> bool:
    # allauth knows how many proxies to believe.
    key = counter_of(get_adapter().get_client_ip(request))
    cache.add(key, 0, timeout=60)
    try:
        return cache.incr(key) > PER_MINUTE
    except ValueError:  # it lapsed between the two
        return False
