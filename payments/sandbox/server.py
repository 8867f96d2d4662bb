"""The stand-in's web server: which address does what. Each request on a thread of its own.

Promises an answer to every request, errors included, and the control to this machine only. Never follows what it is sent
but to the confirmationUrl of a form whose signature is right.
"""

from __future__ import annotations

import ipaddress
import json
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl

from payments.sandbox import books as clock
from payments.sandbox import checkout, control, pages, reports
from payments.sandbox.books import Books, Row
from payments.sandbox.notices import Postman

CHECKOUT = "/ppp-web-gateway-payu/"
RESULT = f"{CHECKOUT}resultado/"
REPORTS = "/reports-api/4.0/service.cgi"
PAYMENTS = "/payments-api/4.0/service.cgi"
CONTROL = "/_control/"
MAX_BYTES = 1024 * 1024
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Server(ThreadingHTTPServer):
    """The listening socket with the books and the postman that its requests use."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], books: Books) -> None:
        self.books = books
        self.postman = Postman(books)
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's own, which asks the resolver for this machine's name; that may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    timeout = 30
    server_version = "PayU-stand-in"

    def do_GET(self) -> None:  # noqa: N802  (http.server's name)
        """Pages and the control's questions."""
        self._answer(self._get)

    def do_POST(self) -> None:  # noqa: N802  (http.server's name)
        """Forms, the two APIs and the control's commands."""
        self._answer(self._post)
        self.server.postman.wake()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request: its books say more."""

    def _answer(self, work: Callable[[str], None]) -> None:
        path = self.path.partition("?")[0]
        try:
            work(path)
        except checkout.Refused as refused:
            self._refuse(path, refused)
        except ConnectionError:
            self.close_connection = True  # whoever asked has gone
        except Exception:
            traceback.print_exc()
            self._refuse(path, checkout.Refused("El simulador tuvo un error interno.", status=500))

    def _refuse(self, path: str, refused: checkout.Refused) -> None:
        if path.startswith(CONTROL):
            self._json({"error": " ".join(refused.problems)}, status=refused.status)
        else:
            self._html(pages.error(refused.problems), status=refused.status)

    def _get(self, path: str) -> None:
        books = self.server.books
        if path == "/":
            merchants = books.rows("SELECT * FROM merchants ORDER BY merchant_id")
            self._html(pages.home(merchants, books.everything()))
        elif path.startswith(CONTROL):
            self._loopback_only()
            self._json(control.get(books, path.removeprefix(CONTROL).strip("/")))
        elif path.startswith(RESULT):
            transaction = _found(books.transaction(path.removeprefix(RESULT).strip("/")))
            order = _found(books.order("id", transaction["order_id"]))
            self._html(pages.result(order, transaction, self._merchant(order), checkout.return_url(books, transaction)))
        elif path.startswith(CHECKOUT) and path != CHECKOUT:
            order = _found(books.order("token", path.removeprefix(CHECKOUT).strip("/")))
            self._html(pages.checkout(order, checkout.means_for(order), self._merchant(order)))
        elif path == CHECKOUT:
            raise checkout.Refused("El formulario del comercio debe llegar por POST.", status=405)
        else:
            raise checkout.Refused("Esa página no existe.", status=404)

    def _post(self, path: str) -> None:
        books, now, body = self.server.books, clock.now(), self._body()
        if path in (CHECKOUT, CHECKOUT.rstrip("/")):
            order = checkout.open_order(books, _form(body), now=now)
            self._go(f"{CHECKOUT}{order['token']}/")
        elif path.startswith(CHECKOUT) and path.endswith("/pagar"):
            order = _found(books.order("token", path.removeprefix(CHECKOUT).removesuffix("/pagar")))
            form = _form(body)
            transaction = checkout.pay(
                books, order, mean=form.get("mean", ""), outcome=form.get("outcome", ""), ip=self.client_address[0], now=now
            )
            self._go(f"{RESULT}{transaction['id']}/")
        elif path == "/decidir":
            form = _form(body)
            checkout.decide(books, form.get("transaction", ""), outcome=form.get("outcome", ""), now=now)
            self._go("/")
        elif path == REPORTS:
            self._json(reports.queries(books, body))
        elif path == PAYMENTS:
            self._json(reports.payments(books, body, now=now))
        elif path.startswith(CONTROL):
            self._loopback_only()
            self._json(control.post(books, path.removeprefix(CONTROL).strip("/"), self._command(body)))
        else:
            raise checkout.Refused("Esa página no existe.", status=404)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise checkout.Refused("Falta el largo de la solicitud (Content-Length).", status=411)
        if int(length) > MAX_BYTES:
            raise checkout.Refused("La solicitud es demasiado grande.", status=413)
        return self.rfile.read(int(length))

    def _command(self, body: bytes) -> dict[str, Any]:
        # A page of another site can post text to this machine, but not JSON without asking first.
        if self.headers.get_content_type() != "application/json":
            raise checkout.Refused("the control takes application/json", status=415)
        try:
            data = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise checkout.Refused("the body must be a JSON object")
        return data

    def _loopback_only(self) -> None:
        if not ipaddress.ip_address(self.client_address[0]).is_loopback:
            raise checkout.Refused("the control answers to this machine only", status=403)

    def _merchant(self, order: Row) -> Row:
        return _found(self.server.books.merchant(order["merchant_id"]))

    def _html(self, page: str, *, status: int = 200) -> None:
        self._send(status, page.encode("utf-8"), {"Content-Type": "text/html; charset=utf-8"})

    def _json(self, data: Any, *, status: int = 200) -> None:
        self._send(status, json.dumps(data).encode("utf-8"), {"Content-Type": "application/json; charset=utf-8"})

    def _go(self, address: str) -> None:
        self._send(303, b"", {"Location": address})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        safety = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        for name, value in {**headers, **safety, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:  # UnicodeDecodeError is one
        raise checkout.Refused("El formulario no se puede leer: debe venir en UTF-8.") from None
    return {name: value for name, value in pairs if value}


def _found(row: Row | None) -> Row:
    if row is None:
        raise checkout.Refused("Esa página no existe.", status=404)
    return row
