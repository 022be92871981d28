from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    name = "gateway.console"
    label = "console"
    default = True


class ConsoleAdminConfig(admin_apps.SimpleAdminConfig):
    """Django's admin with our own site in place of its default one.

    Its pages are loaded by `gateway.urls`, so in processes that answer HTTP only: they are half of what Django loads.
    """

    default = False
    default_site = "gateway.console.site.ConsoleSite"
