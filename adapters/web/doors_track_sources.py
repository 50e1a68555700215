"""The door behind a track's card: which sources hear it, which of them was chosen, how old and how sure each is."""

from adapters.web.table import Call, Door
from dispatch.tracks import SourceTrack
from dispatch.views import NO_OPERATIONS
from protocols.json_sources import SourceWord, SourceWords, ThingQuery

_SAME = frozenset(SourceWord.__struct_fields__) - {"heard_age_s", "position_age_s"}


def _word(told: SourceTrack, now_s: float) -> SourceWord:
    placed = told.position_at_s
    return SourceWord(
        heard_age_s=round(max(0.0, now_s - told.heard_at_s), 1),
        position_age_s=None if placed is None else round(max(0.0, now_s - placed), 1),
        **{name: getattr(told, name) for name in _SAME},
    )


async def _sources(call: Call) -> SourceWords:
    """Nothing for who may not see tracks, nothing of what nobody hears: a track may be gone at any moment."""
    thing_id, picture = call.query.id, call.site.picture
    if call.who.session.role in NO_OPERATIONS:
        return SourceWords(id=thing_id, items=[])
    now_s = call.site.clock().timestamp()
    return SourceWords(id=thing_id, items=[_word(told, now_s) for told in picture.sources_of(thing_id)])


DOORS = (
    Door(
        method="GET",
        path="/tracks/sources",
        name="listTrackSources",
        text="What each source says of one thing (`id`: its identity or any of its keys), the chosen one first.",
        handler=_sources,
        query=ThingQuery,
        answers=SourceWords,
    ),
)
