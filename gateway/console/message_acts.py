"""The acts on one message: those of the queue, for what waits of it, members of lists that are not taken in yet included."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.utils.translation import gettext_lazy as _

from accounts.acts import Act
from gateway.engine.control import Verb, Which
from gateway.engine.tasks import begin_act
from gateway.models import ListTask, Message, Recipient

State = Recipient.State
Task = ListTask.State

WAITS = (State.QUEUED, State.DEFERRED, State.HELD)


def _has(*states: str, tasks: Collection[str] = (), least_tries: int = 0) -> Callable[[Message], bool]:
    """Return what tells whether a message has recipients, or sends to lists, in one of these states."""

    def has(message: Message) -> bool:
        recipients = Recipient.objects.filter(message=message, state__in=states, attempts__gte=least_tries)
        lists = ListTask.objects.for_account(message.account_id).filter(message=message, state__in=tasks)
        return recipients.exists() or bool(tasks and lists.exists())

    return has


def _run(verb: Verb) -> Callable[[Message], str]:
    def run(message: Message) -> str:
        begin_act(verb, Which(account_id=message.account_id, message_id=message.pk))
        return ""

    return run


ACTS = (
    Act(
        name="hold",
        label=_("Hold"),
        question=_("What waits of this message is held back until you release it."),
        past="held",
        run=_run(Verb.HOLD),
        icon="pause",
        commits=True,
        is_open=_has(State.QUEUED, State.DEFERRED, tasks=(Task.WAITING, Task.RUNNING)),
    ),
    Act(
        name="release",
        label=_("Release"),
        question=_("What was held back of this message goes out again, each at its time."),
        past="released",
        run=_run(Verb.RELEASE),
        icon="play_arrow",
        commits=True,
        is_open=_has(State.HELD, tasks=(Task.HELD,)),
    ),
    Act(
        name="retry",
        label=_("Try now"),
        question=_("What was put off is tried at once. A receiver that asked for patience may put it off again."),
        past="retried",
        run=_run(Verb.RETRY),
        icon="refresh",
        commits=True,
        is_open=_has(State.DEFERRED, least_tries=1),
    ),
    Act(
        name="cancel",
        label=_("Cancel"),
        question=_("What waits of this message is cancelled and will not be sent. This cannot be undone."),
        past="cancelled",
        run=_run(Verb.CANCEL),
        icon="cancel",
        commits=True,
        is_danger=True,
        is_open=_has(*WAITS, tasks=ListTask.OPEN),
    ),
)
