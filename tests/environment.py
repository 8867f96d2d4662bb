"""The environment of a test run, set before Django reads it. Loaded by pytest's `-p`, ahead of every other plugin.

The launcher gives DATABASE_URL and REDIS_URL. Each parallel process gets a Redis database and a state folder of its own.
"""

import atexit
import base64
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
_number = int(_worker.removeprefix("gw") or 0)

for _name in ("DATABASE_URL", "REDIS_URL", "SAAS_ASSETS_DIR", "SAAS_STATE_DIR"):
    if not os.environ.get(_name):
        raise SystemExit(f"{_name} is not set: run the tests with `make test` (it starts the servers that they need)")

_state = Path(tempfile.mkdtemp(prefix=f"saas-{_worker}-"))
(_state / "static").mkdir()  # whitenoise looks for it
atexit.register(shutil.rmtree, _state, ignore_errors=True)
os.environ["SAAS_STATE_DIR"] = str(_state)
os.environ.pop("DATABASE_REPLICA_URL", None)  # it has a copy of another database than the tests make
_redis = urlsplit(os.environ["REDIS_URL"])
os.environ["REDIS_URL"] = urlunsplit(_redis._replace(path=f"/{1 + _number}"))
os.environ.update(
    DJANGO_SETTINGS_MODULE="saas.settings",
    SAAS_MODE="test",
    SAAS_SECRET_KEY="not-a-secret-only-for-tests-not-a-secret-only-for-tests",
    SAAS_FIELD_KEYS="t1:" + base64.b64encode(b"only-for-tests-only-for-tests-32").decode(),
    SAAS_PLATFORM_ORIGIN="http://plataforma.test",
    SAAS_CAPTCHA_COST="50",
    PAYU_CHECKOUT_URL="http://127.0.0.1:9/ppp-web-gateway-payu/",
    PAYU_REPORTS_URL="http://127.0.0.1:9/reports-api/4.0/service.cgi",
    PAYU_PAYMENTS_URL="http://127.0.0.1:9/payments-api/4.0/service.cgi",
)
