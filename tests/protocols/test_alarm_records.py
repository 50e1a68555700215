"""Whatever happens to a candidate, consoles are told of it."""

from dispatch.kinds import IncidentAction
from protocols.client_records import touched
from tests.dispatch.scene import Scene
from tests.dispatch.test_alarm import act, report, said, take, verify


def test_joins_words_given_and_merges_are_told_to_consoles() -> None:
    scene = Scene()
    (heard,), (seen,) = take(scene, report()), take(scene, said(east_m=900.0))
    for change, ids in (
        (lambda: take(scene, report()), {heard.id}),
        (lambda: verify(scene, heard.id), {heard.id}),
        (lambda: act(scene, heard.id, IncidentAction.MERGE, merge_into=seen.id), {heard.id, seen.id}),
    ):
        after = scene.world.seq
        change()
        told = touched(scene.world, [row for row in scene.journal if row.seq > after], after)
        assert told == {("incidents", each) for each in ids}
