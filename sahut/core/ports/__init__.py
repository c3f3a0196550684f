"""What the core needs from outside, as protocols. Each has one contract suite (tests/contracts/) for all its makers.

Only plain values of `sahut.core.model` pass through: no session, row or response of a library.
"""

from sahut.core.ports.cases import Accounts, DeadLetters, Decisions, Operations, Tickets
from sahut.core.ports.outside import Annotator, Classifier, Clock, Collector, Explainer, Look, Queue
from sahut.core.ports.store import Store, Tx
from sahut.core.ports.work import Assessments, Explanations, Mentions, Months, Sources, Walks

__all__ = [
    "Accounts",
    "Annotator",
    "Assessments",
    "Classifier",
    "Clock",
    "Collector",
    "DeadLetters",
    "Decisions",
    "Explainer",
    "Explanations",
    "Look",
    "Mentions",
    "Months",
    "Operations",
    "Queue",
    "Sources",
    "Store",
    "Tickets",
    "Tx",
    "Walks",
]
