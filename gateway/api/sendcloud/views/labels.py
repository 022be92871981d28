"""label/*: the names that mail is counted under."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.fields import fault_in
from gateway.api.sendcloud.answers.labels import LabelGot, LabelsListed, say_label, say_labels
from gateway.api.sendcloud.errors import coded
from gateway.api.sendcloud.parse.labels import LABEL_ID, LABEL_NAME, LABELS
from gateway.api.sendcloud.views.base import ChangingView, ModuleView
from gateway.api.sendcloud.views.paging import Part, take_part
from gateway.base.errors import FieldInvalid, QuotaExceeded
from tracking import labels
from tracking.models import Label


class ListLabels(ModuleView):
    """label/list

    Returns the labels, or those with `query` in their names, in the order that they were made.
    """

    fields = LABELS
    answers = (LabelsListed,)

    def act(self, asked: Asked) -> Part[Label]:
        return take_part(labels.labels_of(asked.account_id, asked["query"]), asked)

    def answer(self, done: Part[Label]) -> HttpResponse:
        return say_labels(done.rows, done.total)


class GetLabel(ModuleView):
    """label/get

    Returns a label.
    """

    fields = (LABEL_ID,)
    codes = (40106,)
    answers = (LabelGot,)

    def act(self, asked: Asked) -> Label:
        return get_label(asked)

    def answer(self, done: Label) -> HttpResponse:
        return say_label(done)


class AddLabel(ChangingView):
    """label/add

    Makes a label. Calls that send make the labels that they name by themselves.
    """

    fields = (LABEL_NAME,)
    codes = (40101, 40113)
    answers = (LabelGot,)

    def change(self, asked: Asked) -> Label:
        with coded({FieldInvalid: 40113, QuotaExceeded: 40101}):
            label = labels.add_label(asked.account_id, asked["labelName"])
        asked.remember(label, "added")
        return label

    def answer(self, done: Label) -> HttpResponse:
        return say_label(done)


class UpdateLabel(ChangingView):
    """label/update

    Gives a label another name. Mail that was sent stays counted under the name that it was sent with.
    """

    fields = (LABEL_ID, LABEL_NAME)
    codes = (40106, 40113)

    def change(self, asked: Asked) -> int:
        label = get_label(asked)
        with coded({FieldInvalid: 40113}):
            labels.rename_label(label, asked["labelName"])
        asked.remember(label, "renamed")
        return 1


class DeleteLabel(ChangingView):
    """label/delete

    Deletes a label. Mail that was sent stays counted under its name.
    """

    fields = (LABEL_ID,)
    codes = (40106,)

    def change(self, asked: Asked) -> int:
        label = get_label(asked)
        asked.remember(label, "deleted")
        labels.delete_label(label)
        return 1


def get_label(asked: Asked) -> Label:
    """Return the label that a call is about; raise FieldsRefused."""
    label = labels.find_label(asked.account_id, asked["labelId"])
    if label is None:
        raise fault_in("labelId", 40106, f"There is no label {asked['labelId']}.")
    return label
