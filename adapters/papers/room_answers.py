"""The minutes of a consultation as data and as PDF."""

from datetime import datetime

from adapters.papers.ledger import Ledger
from adapters.papers.press import Colophon, press
from adapters.papers.questions import Question
from dispatch.errors import Unknown
from dispatch.papers import room_minutes, words
from dispatch.papers.chain import canonical, plain
from dispatch.papers.room_minutes import Minutes


def _told(ledger: Ledger, question: Question) -> Minutes:
    told = room_minutes.minutes(ledger.world, question.room_id)
    if told is None:
        raise Unknown("id", f"no room {question.room_id}")
    return told


def answer(ledger: Ledger, question: Question, issuer: str) -> bytes:
    """The minutes as data, with the form they are printed as, or as PDF. Raises Unknown."""
    told = _told(ledger, question)
    if question.what == "room_pdf":
        return _printed(ledger, told, datetime.fromisoformat(question.now), issuer)
    data = plain(told)
    data["votes"] = [{"vote_id": vote_id, "tally": list(tally)} for vote_id, tally in told.votes]
    return canonical({**data, "form": room_minutes.form(told)})


def _printed(ledger: Ledger, told: Minutes, now: datetime, issuer: str) -> bytes:
    colophon = Colophon(
        issuer=issuer,
        number=f"{told.room.id}-HS",
        right=f"打印 {words.moment(now)}",
        foot=f"日志 {ledger.world.site} #{told.through}",
    )
    return press(room_minutes.form(told), colophon)
