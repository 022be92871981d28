"""The rooms of suppressions, webhooks and their deliveries. Events show on the page of their message."""

from tracking.admin import deliveries, suppressions, webhooks

__all__ = ["deliveries", "suppressions", "webhooks"]
