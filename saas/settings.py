"""Django's settings, driven by the environment alone (see saas/env.py for every variable).

Read top to bottom: environment, where things are, apps, requests, database and caches, accounts, security, mail, jobs.
"""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF
from django.templatetags.static import static
from django.urls import reverse_lazy

from saas import env as _env
from saas.lib import databases, telemetry
from workers.schedule import BEAT

ENV = _env.read(os.environ)
MODE = ENV["SAAS_MODE"]
PRODUCTION = MODE == "production"
DEMO = MODE == "demo"
DEBUG = False  # a demo shows the pages that people will see, error pages included

# Where things are
BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(ENV["SAAS_STATE_DIR"])
ASSETS_DIR = Path(ENV["SAAS_ASSETS_DIR"] or STATE_DIR / "assets")
PDF_FONTS_DIR = ASSETS_DIR / "fonts"
MEDIA_ROOT = STATE_DIR / "files"
STATIC_ROOT = Path(ENV["SAAS_STATIC_DIR"] or STATE_DIR / "static")
STATIC_URL = "/static/"
STATICFILES_DIRS = [("vendor", ASSETS_DIR / "vendor")]
OUTBOX_DIR = STATE_DIR / "outbox"
EXPORTS_DIR = STATE_DIR / "exports"

PLATFORM_ORIGIN = ENV["SAAS_PLATFORM_ORIGIN"]
PLATFORM_HOST = urlsplit(PLATFORM_ORIGIN).hostname or ""
PLATFORM_PORT = urlsplit(PLATFORM_ORIGIN).port
PLATFORM_SCHEME = urlsplit(PLATFORM_ORIGIN).scheme
PLATFORM_NAME = "Arriendo al día"

# Apps. Public has the agencies and the operators; each agency's schema has its people and its money. Accounts (with
# allauth's tables), sessions and jobs are in both, each schema with its own rows.
_BOTH = ["saas.accounts", "allauth.account", "allauth.mfa", "allauth.usersessions", "django.contrib.sessions", "saas.jobs"]
SHARED_APPS = [
    "unfold",  # before whatever else brings templates of the admin
    "django_tenants",
    "tenants",
    *_BOTH,
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "allauth",
    "rest_framework",
    "drf_spectacular",
    "saas.lib",
    "saas",
]
TENANT_APPS = [*_BOTH, "saas.audit", "saas.api", "clientarea", "payments", "pqrs"]
INSTALLED_APPS = [*SHARED_APPS, *[app for app in TENANT_APPS if app not in SHARED_APPS], "workers"]
TENANT_MODEL = "tenants.Agency"
TENANT_DOMAIN_MODEL = "tenants.Domain"
DATABASE_ROUTERS = ["tenants.replica.ReportsRouter", "django_tenants.routers.TenantSyncRouter"]
TENANT_LIMIT_SET_CALLS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Requests
ROOT_URLCONF = "saas.urls_public"
PUBLIC_SCHEMA_URLCONF = "saas.urls_public"
AGENCY_URLCONF = "saas.urls_agency"
WSGI_APPLICATION = "saas.wsgi.application"
# Hosts are decided by tenants.hosts, which knows every agency's domains and answers 404 to the rest.
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = [
    "saas.observe.ObserveMiddleware",
    "saas.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.hosts.HostMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "saas.accounts.language.LanguageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "saas.accounts.sessions.SeenMiddleware",
    "tenants.gates.GateMiddleware",
    "saas.accounts.doors.DoorMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "saas" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.branding.brand",
                "clientarea.access.roles",
                "tenants.branding.desk_notices",
            ],
            "builtins": ["saas.lib.templatetags.colombia", "django.templatetags.i18n"],
        },
    },
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_PERMISSIONS = 0o600
UPLOAD_FILE_BYTES = 10 * 1024 * 1024
UPLOAD_REQUEST_BYTES = 12 * UPLOAD_FILE_BYTES
FILE_UPLOAD_HANDLERS = [
    "saas.lib.uploads.BoundedHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Database and caches
DATABASES = {"default": databases.primary(ENV["DATABASE_URL"])}
if ENV["DATABASE_REPLICA_URL"]:
    DATABASES["replica"] = databases.replica(ENV["DATABASE_REPLICA_URL"])  # tenants/replica.py
REDIS_URL = ENV["REDIS_URL"]
_redis_options = {"socket_connect_timeout": 1, "socket_timeout": 2}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": _redis_options,
        "KEY_FUNCTION": "saas.lib.here.cache_key",
        "KEY_PREFIX": "saas",
    },
    # Which agency a host is: asked before any agency is entered, so its keys carry none.
    "hosts": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": _redis_options,
        "KEY_PREFIX": "hosts3",  # of the shape of what is kept there: an agency's row
    },
}
STORAGES = {
    "default": (
        {"BACKEND": "tenants.storage.AgencyBucket", "OPTIONS": ENV["SAAS_FILES_URL"]}
        if ENV["SAAS_FILES_URL"]
        else {"BACKEND": "tenants.storage.AgencyStorage"}
    ),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if MODE == "test":
    # Unit tests render pages without collecting files first; the browser journeys run the real thing in demo mode.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_MAX_AGE = 31536000 if PRODUCTION else 60

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["saas.accounts.backends.UsuarioBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "front"
ACCOUNT_LOGOUT_REDIRECT_URL = "front"
ACCOUNT_ADAPTER = "saas.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "saas.accounts.forms.LoginForm"}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "20/m/ip,5/5m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = SAAS_PROXY_COUNT = ENV["SAAS_PROXY_COUNT"]
USERSESSIONS_TRACK_ACTIVITY = False  # on every request would be dear: SeenMiddleware does it every few minutes
MFA_ADAPTER = "saas.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # the demo has no certificate
# Operators, and the staff roles that handle money, must have a second factor. Outside production they are only told so.
SECOND_FACTOR_ENFORCED = PRODUCTION
CAPTCHA_PROVIDER = "saas.accounts.captcha.Altcha"
CAPTCHA_COST = ENV["SAAS_CAPTCHA_COST"]
ACTIVATION_DAYS = 7
PASSWORD_RESET_TIMEOUT = ACTIVATION_DAYS * 24 * 3600  # the longest life of a link; a reset link carries a shorter one

# Security
SECRET_KEY = ENV["SAAS_SECRET_KEY"]
SECRET_KEY_FALLBACKS = [key for key in ENV["SAAS_PREVIOUS_SECRET_KEYS"].split(",") if key]
FIELD_KEYS = ENV["SAAS_FIELD_KEYS"]
SAAS_INTERNAL_TOKEN = ENV["SAAS_INTERNAL_TOKEN"]
SAAS_WORKER_METRICS = ENV["SAAS_WORKER_METRICS"]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-sesion" if PRODUCTION else "sesion"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "saas.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PAYU_CHECKOUT_URL = ENV["PAYU_CHECKOUT_URL"]
PAYU_REPORTS_URL = ENV["PAYU_REPORTS_URL"]
PAYU_PAYMENTS_URL = ENV["PAYU_PAYMENTS_URL"]
PAYU_POLL_SECONDS = ENV["PAYU_POLL_SECONDS"]
PAYU_QUESTIONS_A_MINUTE = ENV["PAYU_QUESTIONS_A_MINUTE"]
_checkout = urlsplit(PAYU_CHECKOUT_URL)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, f"{_checkout.scheme}://{_checkout.netloc}"],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# The API and the outgoing notices
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["saas.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["saas.api.authentication.HasScope"],
    "DEFAULT_SCHEMA_CLASS": "saas.api.schema.Described",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "API de la inmobiliaria",
    "VERSION": "1",
    "DESCRIPTION": "Para los programas de la inmobiliaria. Montos en pesos (COP) como texto con dos decimales; días AAAA-MM-DD; horas UTC.",
    "POSTPROCESSING_HOOKS": ["saas.api.schema.finish"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
API_REQUESTS_A_MINUTE = 120  # by each key
NOTICES_TO_LOOPBACK = ENV["SAAS_NOTICES_TO_LOOPBACK"]  # tests and demos have no address with a certificate

# Language and time
LANGUAGE_CODE = "es-co"
LANGUAGES = [("es-co", "Español"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "__Host-idioma" if PRODUCTION else "idioma"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = PRODUCTION
LOCALE_PATHS = [BASE_DIR / "saas" / "locale"]
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "America/Bogota"

# Mail
_mail = urlsplit(ENV["SAAS_MAIL_URL"])
MAIL_FROM = DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV["SAAS_MAIL_FROM"]
MAIL_BOUNCES = ENV["SAAS_MAIL_BOUNCES"]
if _mail.scheme == "smtp":
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "", _mail.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_TLS = parse_qs(_mail.query).get("tls") == ["1"]
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "saas.outbox.FileBackend"

# Jobs: Redis only rings the bell, PostgreSQL holds the work
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "bell"
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 0}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TIMEZONE = "UTC"
CELERY_IMPORTS = ["workers.base", "workers.sweep"]
CELERY_BEAT_SCHEDULE = BEAT

# Logs never carry personal data or secrets: paths without query, ids, agency
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "saas.lib.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json" if PRODUCTION else "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},  # saas.observe says each request, without its path
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}

telemetry.start(sentry_dsn=ENV["SAAS_SENTRY_DSN"], otlp_url=ENV["SAAS_OTLP_URL"], environment=MODE)

UNFOLD = {
    "SITE_TITLE": PLATFORM_NAME,
    "SITE_HEADER": PLATFORM_NAME,
    "SITE_SYMBOL": "apartment",
    "STYLES": [lambda _request: static("superadmin.css")],
    "SCRIPTS": [lambda _request: static("superadmin.js")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ACCOUNT": {"navigation": [{"title": "Seguridad de mi cuenta", "link": reverse_lazy("security")}]},
    "DASHBOARD_CALLBACK": "tenants.superadmin.start",
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "title": "Plataforma",
                "items": [
                    {"title": "Inicio", "icon": "home", "link": reverse_lazy("admin:index")},
                    {"title": "Inmobiliarias", "icon": "apartment", "link": reverse_lazy("admin:tenants_agency_changelist")},
                    {"title": "Registros", "icon": "how_to_reg", "link": reverse_lazy("admin:tenants_signup_changelist")},
                    {"title": "Dominios", "icon": "language", "link": reverse_lazy("admin:tenants_domain_changelist")},
                    {"title": "Anuncios", "icon": "campaign", "link": reverse_lazy("admin:tenants_announcement_changelist")},
                    {"title": "Textos", "icon": "gavel", "link": reverse_lazy("admin:tenants_platformtext_changelist")},
                    {"title": "Ajustes", "icon": "settings", "link": reverse_lazy("admin:tenants_platform_changelist")},
                ],
            },
            {
                "title": "Vigilancia",
                "items": [
                    {"title": "Salud", "icon": "monitor_heart", "link": reverse_lazy("superadmin_health")},
                    {"title": "Alarmas", "icon": "notifications", "link": reverse_lazy("admin:tenants_alarm_changelist")},
                    {"title": "De eliminadas", "icon": "mail_off", "link": reverse_lazy("admin:tenants_gonecallback_changelist")},
                    {"title": "Acciones", "icon": "history", "link": reverse_lazy("admin:tenants_operatoract_changelist")},
                    {"title": "Visitas de soporte", "icon": "visibility", "link": reverse_lazy("admin:tenants_supportvisit_changelist")},
                    {"title": "Exportaciones", "icon": "archive", "link": reverse_lazy("admin:tenants_export_changelist")},
                ],
            },
        ],
    },
    "THEME": "light",
    "COLORS": {
        "primary": {
            "50": "#eff5fc", "100": "#dbe8f7", "200": "#bcd4f0", "300": "#8eb8e5", "400": "#5993d6", "500": "#3575bf",
            "600": "#1f5fa8", "700": "#1b4d88", "800": "#1a4271", "900": "#1a385f", "950": "#11243f",
        }
    },  # fmt: skip
}
