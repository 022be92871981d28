"""The rooms of templates, address lists and unsubscribe pages."""

from templates_app.admin import lists, pages, templates

__all__ = ["lists", "pages", "templates"]
