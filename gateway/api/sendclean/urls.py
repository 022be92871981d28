"""SendClean's paths."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.sendclean.views.account import AccountUserDetails, ViewUserDetail
from gateway.api.sendclean.views.base import NoSuchCall
from gateway.api.sendclean.views.messages import GetMessageInfo, SendMail, SendRaw, SendTemplate, SendTemplateHTTPGet
from gateway.api.sendclean.views.sending_domains import (
    AddSendingDomain,
    CheckSendingDomain,
    DeleteSendingDomain,
    ListSendingDomain,
    VerifySendingDomain,
)
from gateway.api.sendclean.views.smtp_users import AddSmtp, EditSmtp, ListSmtp, ResetSmtpPassword
from gateway.api.sendclean.views.tracking_domains import (
    AddTrackingDomain,
    CheckTrackingDomain,
    DeleteTrackingDomain,
    ListTrackingDomain,
)
from gateway.api.sendclean.views.webhooks import (
    AddWebhook,
    DeleteWebhook,
    EditWebhook,
    GetWebhookInfo,
    KeyResetWebhook,
    ListWebhook,
)

urlpatterns = [
    path_of("v1.0/messages/sendMail", SendMail),
    path_of("v1.0/messages/sendTemplate", SendTemplate),
    path_of("v1.0/messages/sendTemplateHTTPGet", SendTemplateHTTPGet),
    path_of("v1.0/messages/sendRaw", SendRaw),
    path_of("v1.0/messages/senRaw", SendRaw),  # as the Python client spells it
    path_of("v1.0/messages/getMessageInfo", GetMessageInfo),
    path_of("v1.0/settings/addSmtp", AddSmtp),
    path_of("v1.0/settings/editSmtp", EditSmtp),
    path_of("v1.0/settings/resetSmtpPassword", ResetSmtpPassword),
    path_of("v1.0/settings/listSmtp", ListSmtp),
    path_of("v1.0/settings/addSendingDomain", AddSendingDomain),
    path_of("v1.0/settings/checkSendingDomain", CheckSendingDomain),
    path_of("v1.0/settings/verifySendingDomain", VerifySendingDomain),
    path_of("v1.0/settings/listSendingDomain", ListSendingDomain),
    path_of("v1.0/settings/deleteSendingDomain", DeleteSendingDomain),
    path_of("v1.0/settings/addTrackingDomain", AddTrackingDomain),
    path_of("v1.0/settings/checkTrackingDomain", CheckTrackingDomain),
    path_of("v1.0/settings/listTrackingDomain", ListTrackingDomain),
    path_of("v1.0/settings/deleteTrackingDomain", DeleteTrackingDomain),
    path_of("v1.0/settings/addWebhook", AddWebhook),
    path_of("v1.0/settings/editWebhook", EditWebhook),
    path_of("v1.0/settings/keyResetWebhook", KeyResetWebhook),
    path_of("v1.0/settings/keyRestWebhook", KeyResetWebhook),  # as the TypeScript client spells it
    path_of("v1.0/settings/listWebhook", ListWebhook),
    path_of("v1.0/settings/getWebhookInfo", GetWebhookInfo),
    path_of("v1.0/settings/deleteWebhook", DeleteWebhook),
    path_of("v1.0/account/viewUserDetail", ViewUserDetail),
    path_of("v1.0/accounts/userDetails", AccountUserDetails),
    path_of("v1.0", NoSuchCall),
    path_of("v1.0/", NoSuchCall, exact=False),
]
