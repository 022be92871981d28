"""What is read of events and statistics: always of one account, always bounded.

A filter (`filters`) says which events; `pages` lists and counts them, `aggregates` counts them by a field, `series` over time,
`hits` has the opens and clicks of recipients, `receivers` what became of the mail to each receiving domain. By hour or day,
SMTP user, tag and receiving domain, `lines` counts what happened and `refusals` why mail did not arrive. `outcomes` tells how
copies ended, `suppressed` who is not mailed. What the hourly roll-ups (`rollups`) know is taken from them.
"""

from tracking.queries.aggregates import Bucket, aggregate
from tracking.queries.filters import EventFilter
from tracking.queries.hits import Hits, Interactions, interactions
from tracking.queries.pages import Count, Page, count_events, cursor_of, find_events
from tracking.queries.receivers import Endings, Receiver, endings, receivers
from tracking.queries.series import Series, Totals, break_down, bucketed, compare, totals

__all__ = [
    "Bucket",
    "Count",
    "Endings",
    "EventFilter",
    "Hits",
    "Interactions",
    "Page",
    "Receiver",
    "Series",
    "Totals",
    "aggregate",
    "break_down",
    "bucketed",
    "compare",
    "count_events",
    "cursor_of",
    "endings",
    "find_events",
    "interactions",
    "receivers",
    "totals",
]
