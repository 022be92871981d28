"""The rooms of messages and of sends to lists."""

from __future__ import annotations

from django.contrib import admin

from gateway.console.list_tasks import ListTaskAdmin
from gateway.console.messages import MessageAdmin
from gateway.models import ListTask, Message

admin.site.register(Message, MessageAdmin)
admin.site.register(ListTask, ListTaskAdmin)
