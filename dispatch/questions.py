"""What ATC asks the desk about a request, and what the desk answers: on the record, and holding nothing up."""

from dispatch import access
from dispatch.clearance_commands import AnswerAtc, AskDesk
from dispatch.clearance_facts import AirspaceAnswered, AirspaceQuestioned
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.records import AirspaceRequest
from dispatch.world import World

MOST_QUESTIONS = 50  # of one request
MOST_TEXT = 500


def decide(world: World, ask: Ask, command: AskDesk | AnswerAtc) -> tuple[Fact, ...]:
    """One question, or the answer to one; an answer is not written over."""
    request = world.requests.get(command.request_id)
    if request is None:
        raise Unknown("request_id", f"no airspace request {command.request_id}")
    if request.site != world.site:
        raise Refused("NOT_OWNER", f"it belongs to site {request.site}", field="request_id")
    text = command.text.strip()
    if not text or len(text) > MOST_TEXT:
        raise Malformed("text", f"{len(text)} characters, 1 to {MOST_TEXT}")
    if isinstance(command, AskDesk):
        return (_asked(ask, request, text),)
    access.require(ask, access.ANSWER_ATC, "answering ATC")
    found = next((each for each in request.questions if each.number == command.number), None)
    if found is None:
        raise Refused("NO_QUESTION", f"there is no question {command.number}", field="number")
    if found.answered_at is not None:
        raise Refused("ANSWERED", "it was answered before", field="number")
    return (AirspaceAnswered(request_id=request.id, number=command.number, text=text),)


def _asked(ask: Ask, request: AirspaceRequest, text: str) -> AirspaceQuestioned:
    access.require(ask, access.ASK_DESK, "asking the desk")
    if len(request.questions) >= MOST_QUESTIONS:
        raise Refused("ASKED_TOO_OFTEN", f"at most {MOST_QUESTIONS} questions", field="text")
    return AirspaceQuestioned(request_id=request.id, number=len(request.questions) + 1, text=text)
