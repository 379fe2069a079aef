"""Settings from the platform's variables; production.py, as `wagtail start` makes it, imports this last."""

import os

import dj_database_url

from .base import MIDDLEWARE

SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {
    "default": dj_database_url.parse(
        os.environ["DATABASE_URL"], conn_max_age=60, conn_health_checks=True
    )
}

# DOMAIN may carry a port; Django compares names only.
_domains = [os.environ.get("DOMAIN", "localhost"), *os.environ.get("DOMAIN_ALIASES", "").split(",")]
ALLOWED_HOSTS = [domain.strip().split(":")[0] for domain in _domains if domain.strip()]
WAGTAILADMIN_BASE_URL = f"http://{_domains[0]}"

# Right behind SecurityMiddleware, as WhiteNoise asks for: the site serves its own style sheets.
MIDDLEWARE = [MIDDLEWARE[0], "whitenoise.middleware.WhiteNoiseMiddleware", *MIDDLEWARE[1:]]
