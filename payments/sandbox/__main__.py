"""Run the stand-in: `python -m payments.sandbox --port N --books FILE.sqlite [--host 127.0.0.1]`. Ctrl-C or SIGTERM ends it."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from payments.sandbox.books import Books
from payments.sandbox.server import Server


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m payments.sandbox", description="A stand-in PayU for development and tests.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--books", required=True, help="SQLite file; made if it is not there")
    parser.add_argument("--host", default="127.0.0.1")
    chosen = parser.parse_args()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _stop)
    try:
        return _serve(chosen.host, chosen.port, chosen.books)
    except KeyboardInterrupt:
        return 0


def _serve(host: str, port: int, path: str) -> int:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    books = Books(path)
    try:
        server = Server((host, port), books)
    except OSError as error:
        print(f"the PayU stand-in cannot listen on {host}:{port}: {error}", file=sys.stderr)
        return 1
    try:
        server.postman.start()
        print(f"PayU stand-in ready on http://localhost:{server.server_port}", flush=True)
        server.serve_forever(poll_interval=0.2)
    finally:
        server.server_close()
        server.postman.stop()
        books.close()
    return 0


def _stop(*_: Any) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
