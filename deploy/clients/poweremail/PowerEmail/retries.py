"""Which calls may be made again, and when."""

from __future__ import annotations

import random

from PowerEmail.errors import Error, NetworkError

SENDS = {"messages/sendMail", "messages/sendTemplate", "messages/sendRaw"}  # under an idempotency key
READS = {
    "account/viewUserDetail",
    "messages/getMessageInfo",
    "settings/checkSendingDomain",
    "settings/checkTrackingDomain",
    "settings/getWebhookInfo",
    "settings/listSendingDomain",
    "settings/listSmtp",
    "settings/listTrackingDomain",
    "settings/listWebhook",
}
PASSING = {429, 502, 503, 504}  # HTTP statuses that may be another the next time
FIRST_PAUSE = 0.5  # seconds; each further one is twice as long
MAX_PAUSE = 60.0  # seconds; who is told to wait for longer is told so at once


def pause_after(error: Error, failures: int) -> float | None:
    """Return the seconds to wait before the next try, or None where none would help."""
    if not isinstance(error, NetworkError) and error.status not in PASSING:
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= MAX_PAUSE else None
    # Not all who failed at once shall come back at once.
    return min(MAX_PAUSE, FIRST_PAUSE * 2.0 ** (failures - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
