"""SendCloud's paths: one table for each of the vendor's modules."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.sendcloud.views import (
    address_lists,
    api_users,
    bounces,
    domains,
    labels,
    members,
    statistics,
    templates,
    unsubscribes,
    user_info,
    webhooks,
)
from gateway.api.sendcloud.views.base import Unknown
from gateway.api.sendcloud.views.email_status import ListEmailStatus
from gateway.api.sendcloud.views.mail import Send, SendCalendar, SendTemplate, TaskInfo
from gateway.api.sendcloud.views.opens_and_clicks import ListOpensAndClicks
from gateway.api.sendcloud.views.spam_reports import ListSpamReports
from gateway.api.sendcloud.views.v1 import UnknownV1, paths_of
from gateway.api.sendcloud.views.v1_mail import SendTemplateV1, SendV1

MAIL = [
    path_of("apiv2/mail/send", Send),
    path_of("apiv2/mail/sendtemplate", SendTemplate),
    path_of("apiv2/mail/sendcalendar", SendCalendar),
    path_of("apiv2/mail/taskinfo", TaskInfo),
]

LABELS = [
    path_of("apiv2/label/list", labels.ListLabels),
    path_of("apiv2/label/get", labels.GetLabel),
    path_of("apiv2/label/add", labels.AddLabel),
    path_of("apiv2/label/update", labels.UpdateLabel),
    path_of("apiv2/label/delete", labels.DeleteLabel),
]

DOMAINS = [
    path_of("apiv2/domain/list", domains.ListDomains),
    path_of("apiv2/domain/add", domains.AddDomain),
    path_of("apiv2/domain/update", domains.UpdateDomain),
]

TEMPLATES = [
    path_of("apiv2/template/list", templates.ListTemplates),
    path_of("apiv2/template/get", templates.GetTemplate),
    path_of("apiv2/template/add", templates.AddTemplate),
    path_of("apiv2/template/update", templates.UpdateTemplate),
    path_of("apiv2/template/delete", templates.DeleteTemplate),
    path_of("apiv2/template/submit", templates.SubmitTemplate),
]

API_USERS = [
    path_of("apiv2/apiuser/list", api_users.ListApiUsers),
    path_of("apiv2/apiuser/add", api_users.AddApiUser),
]

V1_MAIL = [
    *paths_of("mail.send", SendV1),
    *paths_of("mail.send_template", SendTemplateV1),
]

WEBHOOKS = [
    path_of("apiv2/webhook/list", webhooks.ListWebhooks),
    path_of("apiv2/webhook/add", webhooks.AddWebhook),
    path_of("apiv2/webhook/update", webhooks.UpdateWebhook),
    path_of("apiv2/webhook/delete", webhooks.DeleteWebhook),
]

ADDRESS_LISTS = [
    path_of("apiv2/addresslist/list", address_lists.ListAddressLists),
    path_of("apiv2/addresslist/add", address_lists.AddAddressList),
    path_of("apiv2/addresslist/update", address_lists.UpdateAddressList),
    path_of("apiv2/addresslist/delete", address_lists.DeleteAddressList),
]

MEMBERS = [
    path_of("apiv2/addressmember/list", members.ListMembers),
    path_of("apiv2/addressmember/get", members.GetMembers),
    path_of("apiv2/addressmember/add", members.AddMembers),
    path_of("apiv2/addressmember/update", members.UpdateMembers),
    path_of("apiv2/addressmember/delete", members.DeleteMembers),
]

USER_INFO = [
    path_of("apiv2/userinfo/get", user_info.GetUserInfo),
]

BOUNCES = [
    path_of("apiv2/bounce/list", bounces.ListBounces),
    path_of("apiv2/bounce/delete", bounces.DeleteBounces),
    path_of("apiv2/bounce/count", bounces.CountBounces),
]

UNSUBSCRIBES = [
    path_of("apiv2/unsubscribe/list", unsubscribes.ListUnsubscribes),
    path_of("apiv2/unsubscribe/add", unsubscribes.AddUnsubscribe),
    path_of("apiv2/unsubscribe/delete", unsubscribes.DeleteUnsubscribes),
]

REPORTS = [
    path_of("apiv2/spamreported/list", ListSpamReports),
    path_of("apiv2/openandclick/list", ListOpensAndClicks),
    path_of("apiv2/data/emailStatus", ListEmailStatus),
    path_of("apiv2/statday/list", statistics.ListDays),
    path_of("apiv2/stathour/list", statistics.ListHours),
    path_of("apiv2/invalidstat/list", statistics.ListInvalid),
]

urlpatterns = [
    *MAIL,
    *LABELS,
    *DOMAINS,
    *TEMPLATES,
    *API_USERS,
    *WEBHOOKS,
    *ADDRESS_LISTS,
    *MEMBERS,
    *USER_INFO,
    *BOUNCES,
    *UNSUBSCRIBES,
    *REPORTS,
    path_of("apiv2", Unknown),
    path_of("apiv2/", Unknown, exact=False),
    *V1_MAIL,
    path_of("webapi", UnknownV1),
    path_of("webapi/", UnknownV1, exact=False),
]
