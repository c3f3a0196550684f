"""What the core needs from outside, as protocols. Each has one contract suite (tests/contracts/) for all its makers.

Only plain values of `sahut.core.model` pass through: no session, row or response of a library.
"""

from sahut.core.ports.audit import Audit
from sahut.core.ports.cases import Accounts, Credentials, DeadLetters, Decisions, Operations, Tickets
from sahut.core.ports.checks import Checks
from sahut.core.ports.conversations import Conversations
from sahut.core.ports.deliveries import Deliveries
from sahut.core.ports.outside import (
    Annotator,
    Backfiller,
    BrowserMember,
    Classifier,
    Clock,
    Collector,
    ContextReader,
    Continuer,
    Estimator,
    Explainer,
    Follower,
    Holidays,
    Listener,
    Look,
    Member,
    Price,
    Queue,
    Rechecker,
    Replier,
)
from sahut.core.ports.people import Identities, Invitations, SecondFactors
from sahut.core.ports.replies import Replies
from sahut.core.ports.store import Store, Tx
from sahut.core.ports.together import Viewings, Views
from sahut.core.ports.work import Assessments, Explanations, Mentions, Months, Sources, Walks

__all__ = [
    "Accounts",
    "Annotator",
    "Assessments",
    "Audit",
    "Backfiller",
    "BrowserMember",
    "Checks",
    "Classifier",
    "Clock",
    "Collector",
    "ContextReader",
    "Continuer",
    "Conversations",
    "Credentials",
    "DeadLetters",
    "Decisions",
    "Deliveries",
    "Estimator",
    "Explainer",
    "Explanations",
    "Follower",
    "Holidays",
    "Identities",
    "Invitations",
    "Listener",
    "Look",
    "Member",
    "Mentions",
    "Months",
    "Operations",
    "Price",
    "Queue",
    "Rechecker",
    "Replier",
    "Replies",
    "SecondFactors",
    "Sources",
    "Store",
    "Tickets",
    "Tx",
    "Viewings",
    "Views",
    "Walks",
]
