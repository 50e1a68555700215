"""What an upper platform of GB/T 28181 may see of a stream, whatever the site's file names. Pure."""

from dispatch import consent_policy
from dispatch.video_kinds import VideoCarrier
from dispatch.world import World

NO_STREAM, NOT_ENABLED, LABELLED = "NO_STREAM", "NOT_ENABLED", "VIDEO_LABELLED"


def why_not(world: World, stream_id: str) -> str:
    """A code: a partner's, gone or disabled, or on an aircraft whose label keeps it here; empty: it may be seen."""
    stream = world.video_streams.get(stream_id)
    if stream is None or stream.site != world.site or stream.removed_at is not None:
        return NO_STREAM
    if stream.terms.carrier is VideoCarrier.AIRCRAFT and consent_policy.aircraft_stays(
        world, stream.terms.carrier_id, stream.operator_id
    ):
        return LABELLED
    return "" if stream.terms.enabled else NOT_ENABLED
