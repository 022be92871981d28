from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    name = "gateway.console"
    label = "console"
    default = True


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our own site in place of its default one."""

    default = False
    default_site = "gateway.console.site.ConsoleSite"
