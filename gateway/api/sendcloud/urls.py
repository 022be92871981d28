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
    v1_lists,
    v1_templates,
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

TEMPLATES = [
    path_of("apiv2/template/list", templates.ListTemplates),
    path_of("apiv2/template/get", templates.GetTemplate),
    path_of("apiv2/template/add", templates.AddTemplate),
    path_of("apiv2/template/update", templates.UpdateTemplate),
    path_of("apiv2/template/delete", templates.DeleteTemplate),
    path_of("apiv2/template/submit", templates.SubmitTemplate),
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

API_USERS = [
    path_of("apiv2/apiuser/list", api_users.ListApiUsers),
    path_of("apiv2/apiuser/add", api_users.AddApiUser),
]

WEBHOOKS = [
    path_of("apiv2/webhook/list", webhooks.ListWebhooks),
    path_of("apiv2/webhook/add", webhooks.AddWebhook),
    path_of("apiv2/webhook/update", webhooks.UpdateWebhook),
    path_of("apiv2/webhook/delete", webhooks.DeleteWebhook),
]

USER_INFO = [
    path_of("apiv2/userinfo/get", user_info.GetUserInfo),
]

V1_MAIL = [
    *paths_of("mail.send", SendV1),
    *paths_of("mail.send_template", SendTemplateV1),
]

V1_LISTS = [
    *paths_of("list.get", v1_lists.GetLists),
    *paths_of("list.create", v1_lists.CreateList),
    *paths_of("list.update", v1_lists.UpdateList),
    *paths_of("list.delete", v1_lists.DeleteList),
    *paths_of("list_member.get", v1_lists.GetListMembers),
    *paths_of("list_member.add", v1_lists.AddListMembers),
    *paths_of("list_member.update", v1_lists.UpdateListMembers),
    *paths_of("list_member.delete", v1_lists.DeleteListMembers),
]

V1_TEMPLATES = [
    *paths_of("template.get", v1_templates.GetTemplates),
    *paths_of("template.add", v1_templates.AddTemplateV1),
    *paths_of("template.update", v1_templates.UpdateTemplateV1),
    *paths_of("template.delete", v1_templates.DeleteTemplateV1),
]

urlpatterns = [
    *MAIL,
    *TEMPLATES,
    *ADDRESS_LISTS,
    *MEMBERS,
    *LABELS,
    *DOMAINS,
    *API_USERS,
    *BOUNCES,
    *UNSUBSCRIBES,
    *REPORTS,
    *WEBHOOKS,
    *USER_INFO,
    path_of("apiv2", Unknown),
    path_of("apiv2/", Unknown, exact=False),
    *V1_MAIL,
    *V1_LISTS,
    *V1_TEMPLATES,
    path_of("webapi", UnknownV1),
    path_of("webapi/", UnknownV1, exact=False),
]
