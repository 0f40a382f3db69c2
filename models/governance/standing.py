"""What the record says of a model's versions, and which next events the rules allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loomline.errors import LoomlineError
from models.governance.record import REQUESTS, Event


@dataclass(frozen=True)
class Standing:
    """Where the versions of a model stand by the record.

    `approved` may be used; `refused` were asked for and never approved since; `withdrawn` were
    approved once. `open_requests` wait for an answer, by event number. `was_ever_approved` says
    whether any version ever was.
    """

    approved: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    open_requests: tuple[Event, ...] = ()
    was_ever_approved: bool = False

    def may_be_used(self, version: str) -> bool:
        """Whether a version may score: approved, or before any approval not refused."""
        if self.was_ever_approved:
            return version in self.approved
        return version not in self.refused

    def of(self, version: str) -> str:
        """A version's standing in a word: approved, withdrawn, refused, requested or candidate."""
        named = {"approved": self.approved, "withdrawn": self.withdrawn, "refused": self.refused}
        for word, versions in named.items():
            if version in versions:
                return word
        asked = {request.model_version for request in self.open_requests}
        return "requested" if version in asked else "candidate"


def standing(events: Sequence[Event], model_name: str) -> Standing:
    """The standing of a model's versions after the events, which are in the order of the record."""
    open_requests: dict[int, Event] = {}
    found: dict[str, str] = {}
    was_ever_approved = False
    for event in events:
        if event.model_name != model_name:
            continue
        if event.event in REQUESTS:
            open_requests[event.event_number] = event
            continue
        request = open_requests.pop(event.request_number or 0, None)
        if request is None:
            continue
        is_promotion = request.event == "promotion_requested"
        if event.event == "approved":
            found[event.model_version] = "approved" if is_promotion else "withdrawn"
            was_ever_approved = True
        elif is_promotion and found.get(event.model_version) != "approved":
            found[event.model_version] = "refused"

    def in_state(state: str) -> frozenset[str]:
        return frozenset(version for version, its in found.items() if its == state)

    return Standing(
        approved=in_state("approved"),
        refused=in_state("refused"),
        withdrawn=in_state("withdrawn"),
        open_requests=tuple(open_requests.values()),
        was_ever_approved=was_ever_approved,
    )


def as_identity(text: str) -> str:
    """An identity as it is compared and recorded: without blanks around it, in small letters.

    Raises:
        LoomlineError: there is nothing left.
    """
    identity = text.strip().casefold()
    if not identity:
        raise LoomlineError("Nobody is named.", "Say who you are with --by.")
    return identity


def check_reason(reason: str) -> str:
    """A reason without blanks around it.

    Raises:
        LoomlineError: there is nothing left.
    """
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
        if request.model_version == version:
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
