from django.apps import AppConfig

from gateway import checks

__all__ = ["GatewayConfig", "checks"]  # importing the checks registers them


class GatewayConfig(AppConfig):
    name = "gateway"
    verbose_name = "Mail"
