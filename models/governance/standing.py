"""What the record says of a model's versions, and which next events the rules allow."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from loomline.errors import LoomlineError
from models.governance.record import REQUESTS, Event, VersionFacts

# An account name as systems give them out: two that look alike are alike.
ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._@+-]*")


@dataclass(frozen=True)
class Standing:
    """Where the versions of a model stand by the record.

    `approved` may be used, with what each was when it was approved; `refused` were asked for and
    never approved since; `withdrawn` were approved once. `open_requests` wait for an answer, by
    event number. `was_ever_approved` says whether any version ever was.
    """

    approved: Mapping[str, VersionFacts] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    open_requests: tuple[Event, ...] = ()
    was_ever_approved: bool = False

    def may_be_used(self, version: str) -> bool:
        """Whether a version may score: approved, or before any approval not refused."""
        if self.was_ever_approved:
            return version in self.approved
        return version not in self.refused

    def may_be_followed(self, version: str) -> bool:
        """Whether a version saves a training: it was neither refused nor withdrawn."""
        return version not in self.refused and version not in self.withdrawn

    def of(self, version: str) -> str:
        """In words: approved, withdrawn, refused or candidate, and open requests."""
        named = {
            "approved": version in self.approved,
            "withdrawn": version in self.withdrawn,
            "refused": version in self.refused,
        }
        word = next((word for word, holds in named.items() if holds), "candidate")
        asked = [
            f"{one.event.replace('_', ' ')} ({one.event_number})"
            for one in self.open_requests
            if one.facts.model_version == version
        ]
        return ", ".join([word, *asked])


def broken_rules(events: Sequence[Event]) -> list[str]:
    """A sentence for each event that the rules would not have let anybody record."""
    found, open_requests = [], dict[int, Event]()
    for event in events:
        number = event.event_number
        if event.event in REQUESTS:
            open_requests[number] = event
            continue
        request = open_requests.pop(event.request_number or 0, None)
        if request is None:
            found.append(f"Event {number} answers a request that is not open.")
        elif request.identity == event.identity:
            found.append(f"Event {number} answers a request of the same person.")
        elif request.facts != event.facts:
            found.append(f"Event {number} is of another version than the request it answers.")
    return found


def standing(events: Sequence[Event], model_name: str) -> Standing:
    """The standing of a model's versions after events that hold, in the order of the record."""
    open_requests: dict[int, Event] = {}
    found: dict[str, str] = {}
    approved: dict[str, VersionFacts] = {}
    was_ever_approved = False
    for event in events:
        if event.facts.model_name != model_name:
            continue
        if event.event in REQUESTS:
            open_requests[event.event_number] = event
            continue
        request = open_requests.pop(event.request_number or 0)
        version, is_promotion = event.facts.model_version, request.event == "promotion_requested"
        if event.event == "approved":
            was_ever_approved = True
            found[version] = "approved" if is_promotion else "withdrawn"
            approved[version] = event.facts
        elif is_promotion and found.get(version) != "approved":
            found[version] = "refused"

    def in_state(state: str) -> frozenset[str]:
        return frozenset(version for version, its in found.items() if its == state)

    return Standing(
        approved={x: facts for x, facts in approved.items() if found[x] == "approved"},
        refused=in_state("refused"),
        withdrawn=in_state("withdrawn"),
        open_requests=tuple(open_requests.values()),
        was_ever_approved=was_ever_approved,
    )


def as_identity(text: str) -> str:
    """An identity as it is compared and recorded: an account name in small letters.

    Raises:
        LoomlineError: it is none; names that only look alike are not let in.
    """
    identity = unicodedata.normalize("NFKC", text).strip().casefold()
    if not ACCOUNT.fullmatch(identity):
        raise LoomlineError(
            f"{text!r} is no account name.",
            "Say who you are with --by: letters a to z, digits and . _ @ + -, such as li.na@bank.",
        )
    return identity


def check_reason(reason: str) -> str:
    """A reason without blanks around it.

    Raises:
        LoomlineError: there is nothing left, or it is no text.
    """
    try:
        reason.encode()
    except UnicodeEncodeError as error:
        raise LoomlineError("The reason is not UTF-8 text.", "Write it anew.") from error
    if not reason.strip():
        raise LoomlineError("The reason is empty.", "Say with --reason why.")
    return reason.strip()


def check_request(now: Standing, kind: str, version: str) -> None:
    """Refuse a request that makes no sense.

    Raises:
        LoomlineError: the version has an open request, is approved already, or is not approved and
            so can't be withdrawn.
    """
    for request in now.open_requests:
        if request.facts.model_version == version:
            raise LoomlineError(
                f"Request {request.event_number} for version {version} is still open.",
                f"Answer it first: `loomline model approve {request.event_number}`, or refuse.",
            )
    if kind == "promotion_requested" and version in now.approved:
        raise LoomlineError(f"Version {version} is approved already.", "There is nothing to do.")
    if kind == "withdrawal_requested" and version not in now.approved:
        raise LoomlineError(
            f"Version {version} is not approved, so it can't be withdrawn.",
            "See `loomline model list`.",
        )


def check_answer(now: Standing, request_number: int, identity: str) -> Event:
    """The open request that an identity may answer.

    Raises:
        LoomlineError: there is no such open request, or it is the identity's own.
    """
    numbered = {request.event_number: request for request in now.open_requests}
    if request_number not in numbered:
        waiting = ", ".join(str(number) for number in numbered) or "none"
        raise LoomlineError(
            f"There is no open request {request_number}.", f"Open requests: {waiting}."
        )
    request = numbered[request_number]
    if request.identity == identity:
        raise LoomlineError(
            f"{identity} made request {request_number} and can't answer it too.",
            "Another person must look at it and approve or refuse.",
        )
    return request
