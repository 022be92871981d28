"""The rooms of labels, suppressions, webhooks and their deliveries. Events show on the page of their message."""

from tracking.admin import deliveries, labels, suppressions, webhooks

__all__ = ["deliveries", "labels", "suppressions", "webhooks"]
