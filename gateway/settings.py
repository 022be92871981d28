"""Settings of Gatepost, read from the environment; every default runs on a laptop.

SQLite is the embedded mode, PostgreSQL is production; nothing but these settings tells the two apart.
"""

from __future__ import annotations

from pathlib import Path

from gateway.base.environment import env, read_endpoint, read_endpoints, read_networks, read_or_make_secret, read_rates
from gateway.console import theme

BASE_DIR = Path(__file__).resolve().parent.parent

# Where files are kept -------------------------------------------------------------------------------------------------
GATEPOST_DATA = Path(env.str("GATEPOST_DATA", "") or BASE_DIR / "var").resolve()

# Database -------------------------------------------------------------------------------------------------------------
_sqlite_url = f"sqlite:///{GATEPOST_DATA / 'gatepost.sqlite3'}"
DATABASES = {"default": env.db_url_config(env.str("DATABASE_URL", "") or _sqlite_url)}
EMBEDDED = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if EMBEDDED:
    GATEPOST_DATA.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a writer waits its turn at BEGIN, instead of failing half-way
        "timeout": 30,
        # FULL: a power cut loses no commit, as we answer 250 after it
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        # A server that is gone without a word is noticed within a minute, idle or with a statement on its way.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "options": "-c lock_timeout=20s -c idle_in_transaction_session_timeout=60s",  # no wait without an end
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Secrets --------------------------------------------------------------------------------------------------------------
_kept_in = GATEPOST_DATA if EMBEDDED else None
SECRET_KEY = read_or_make_secret("SECRET_KEY", _kept_in)
# Seal what must be read back (DKIM keys); comma-separated, the first seals, all open.
GATEPOST_SECRET_KEYS = tuple(
    key.strip() for key in read_or_make_secret("GATEPOST_SECRET_KEYS", _kept_in).split(",") if key.strip()
)

# Of those who run the installation, for calls that are about all of its accounts; empty: there are none.
GATEPOST_ADMIN_KEY = env.str("GATEPOST_ADMIN_KEY", "")

# Redis and Celery -----------------------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or f"sqla+sqlite:///{GATEPOST_DATA / 'broker.sqlite3'}"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2} if REDIS_URL else {}
CELERY_TASK_IGNORE_RESULT = True
# Sending has a queue of its own, so that a worker may be had for everything else; one without -Q serves both.
CELERY_TASK_DEFAULT_QUEUE = "gatepost-tasks"
CELERY_TASK_ROUTES = {"gateway.engine.tasks.send": {"queue": "gatepost"}}
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"gatepost": {}, "gatepost-tasks": {}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(GATEPOST_DATA / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "gateway.engine.tasks.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "lists": {"task": "gateway.engine.tasks.expand_lists", "schedule": 10.0, "options": {"expires": 10}},
    "check-domains": {"task": "domains.tasks.check_due", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-webhooks": {"task": "tracking.tasks.sweep_webhooks", "schedule": 10.0, "options": {"expires": 10}},
    "purge-webhooks": {"task": "tracking.tasks.purge_webhooks", "schedule": 60.0, "options": {"expires": 60}},
    "purge": {"task": "gateway.engine.tasks.purge", "schedule": 600.0, "options": {"expires": 600}},
}
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# Names and listeners --------------------------------------------------------------------------------------------------
GATEPOST_BRAND = env.str("GATEPOST_BRAND", "Gatepost")
# What SMTP says behind 220, 250 (to EHLO), 354 and 221; empty: the words of the brand (smtp/words.py).
GATEPOST_SMTP_GREETING = env.str("GATEPOST_SMTP_GREETING", "")
GATEPOST_SMTP_HELLO = env.str("GATEPOST_SMTP_HELLO", "")
GATEPOST_SMTP_GO_AHEAD = env.str("GATEPOST_SMTP_GO_AHEAD", "")
GATEPOST_SMTP_GOODBYE = env.str("GATEPOST_SMTP_GOODBYE", "")
GATEPOST_HOSTNAME = env.str("GATEPOST_HOSTNAME", "localhost")
GATEPOST_HTTP = read_endpoint("GATEPOST_HTTP", "127.0.0.1:8000")
GATEPOST_SMTP = read_endpoint("GATEPOST_SMTP", "127.0.0.1:2525")
GATEPOST_SMTPS = read_endpoint("GATEPOST_SMTPS", "127.0.0.1:2465")
# Without TLS for clients on loopback and in the networks of GATEPOST_SMTP_PLAIN_ALLOW.
GATEPOST_SMTP_PLAIN = read_endpoint("GATEPOST_SMTP_PLAIN", "") if env.str("GATEPOST_SMTP_PLAIN", "") else None
GATEPOST_SMTP_PLAIN_ALLOW = read_networks("GATEPOST_SMTP_PLAIN_ALLOW")
GATEPOST_SMTP_PROXIES = read_networks("GATEPOST_SMTP_PROXIES")  # who must send the PROXY protocol's header to submission
GATEPOST_RETURNS = read_endpoint("GATEPOST_RETURNS", "127.0.0.1:2526")
GATEPOST_SENDER = env.str("GATEPOST_SENDER", "")  # the address that mail of the platform itself comes from
GATEPOST_URL = (env.str("GATEPOST_URL", "") or f"http://{GATEPOST_HTTP}").rstrip("/")
GATEPOST_RETURN_DOMAIN = env.str("GATEPOST_RETURN_DOMAIN", "returns.localhost")
GATEPOST_TLS_CERT = env.str("GATEPOST_TLS_CERT", "")
GATEPOST_TLS_KEY = env.str("GATEPOST_TLS_KEY", "")
GATEPOST_PROXIES = env.int("GATEPOST_PROXIES", 0)

# Limits ---------------------------------------------------------------------------------------------------------------
GATEPOST_MAX_SIZE = env.int("GATEPOST_MAX_SIZE", 16_000_000)  # bytes of a message
GATEPOST_MAX_BODY = env.int("GATEPOST_MAX_BODY", 64 * 1024 * 1024)  # bytes of an HTTP body
# Requests of an SMTP user by SendClean's API; an account's own number a minute stands instead of them.
GATEPOST_SENDCLEAN_RATES = read_rates("GATEPOST_SENDCLEAN_RATES", "60/minute,3600/hour,50000/day")
GATEPOST_OCTETH_FULL_LIST = env.bool("GATEPOST_OCTETH_FULL_LIST", False)  # its TargetListID reaches all, not the first 250
# The doors own the answer to a large or long body (api/base.py), so Django's own limits stand aside.
DATA_UPLOAD_MAX_MEMORY_SIZE = None
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
FILE_UPLOAD_MAX_MEMORY_SIZE = GATEPOST_MAX_BODY

# Delivery -------------------------------------------------------------------------------------------------------------
GATEPOST_RELAY = read_endpoint("GATEPOST_RELAY", "") if env.str("GATEPOST_RELAY", "") else None
GATEPOST_MX_PORT = env.int("GATEPOST_MX_PORT", 25)
GATEPOST_MX_ALLOW = read_networks("GATEPOST_MX_ALLOW")
GATEPOST_DNS = read_endpoints("GATEPOST_DNS", default_port=53)
GATEPOST_WEBHOOK_ALLOW = read_networks("GATEPOST_WEBHOOK_ALLOW")

# Demo -----------------------------------------------------------------------------------------------------------------
# The folder of the mail that the demo's receiver caught; empty: there is no inbox page.
GATEPOST_INBOX = env.str("GATEPOST_INBOX", "")

# Web ------------------------------------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS = ["*"]  # customers reach us by many names; no link is ever built from the Host header
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "gateway.console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "domains",
    "templates_app",
    "tracking",
    "gateway",
    "gateway.console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "gateway.urls"
WSGI_APPLICATION = "gateway.wsgi.application"
APPEND_SLASH = False  # a redirect would lose the body of a POST; the console's own site redirects for itself
UNFOLD = theme.UNFOLD
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
STATIC_URL = "static/"
STATIC_ROOT = GATEPOST_DATA / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where there is none
WHITENOISE_USE_FINDERS = True  # no collectstatic step between a clone and a console
WHITENOISE_AUTOREFRESH = False

# Accounts -------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
_https = GATEPOST_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [GATEPOST_URL]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if GATEPOST_PROXIES else None

# Languages and time ---------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "gateway.console.formats"

# APIs -----------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "gateway.api.openapi.schema.CallSchema",
}
SPECTACULAR_SETTINGS = {
    "DEFAULT_GENERATOR_CLASS": "gateway.api.openapi.schema.Document",
    "OAS_VERSION": "3.1.1",
    "TITLE": "Gatepost's HTTP APIs",
    "VERSION": "1.0",  # of the document
    "DESCRIPTION": (
        "Every call of the four vendors' dialects, with what it takes, what it answers, and its errors.\n\n"
        "Parameters may stand in the query or the body of any call; a body may be JSON or a form, and null in JSON is as good "
        "as nothing. Paths have no case. A path that is no call, or a method that it does not take, is refused in the dialect "
        "that the path begins like."
    ),
    "SORT_OPERATIONS": False,  # they stand as in the URLs
}

# Logs -----------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django.request": {"level": "ERROR"}},  # refusals are the customers' business
    "root": {"handlers": ["stderr"], "level": env.str("GATEPOST_LOG", "INFO")},
}
