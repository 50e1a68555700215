// Where the cameras on the wall look, for the map and for the tile. What is no longer live is kept and marked so; what is taken
// off the wall goes.
import { shallowReactive } from 'vue'
import { dropLook, looks, putLook, type Look, type Place } from '../state/footprints'
import { nameOf, placeOf } from '../state/videos'
import type { VideoLook, VideoPlace, VideoStream } from '../wire/schema'

/** The newest of each stream, as it was told. */
export const told = shallowReactive(new Map<string, VideoLook>())

const WAYS: readonly Look['by'][] = ['stated', 'angles', 'centre']

function place(at: VideoPlace | undefined): Place | null {
  return at ? [at.lonDeg, at.latDeg] : null
}

export function seen(stream: VideoStream, one: VideoLook): void {
  told.set(stream.id, one)
  putLook({
    id: stream.id,
    name: nameOf(stream),
    sensor: place(one.sensor),
    centre: place(one.centre),
    target: place(one.target),
    corners: one.corners.length === 4 ? one.corners.map((at) => [at.lonDeg, at.latDeg] as const) : null,
    by: WAYS.find((way) => way === one.cornersBy) ?? null,
    cut: one.cut,
    stale: false,
  })
}

/** The picture stands still. */
export function stands(id: string): void {
  const look = looks.value.get(id)
  if (look && !look.stale) putLook({ ...look, stale: true })
}

export function gone(id: string): void {
  told.delete(id)
  dropLook(id)
}

/** Where the map goes for a stream: to what carries the camera, else to what the camera says it looks at. */
export function mapPlace(stream: VideoStream): { lon: number; lat: number } | undefined {
  const one = told.get(stream.id)
  const at = one?.target ?? one?.centre ?? one?.sensor
  return placeOf(stream) ?? (at && { lon: at.lonDeg, lat: at.latDeg })
}
