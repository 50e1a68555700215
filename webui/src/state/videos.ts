// The registry of video as this page shows it: streams, what each camera is on, and where that is.
import { computed } from 'vue'
import { VideoCarrier, type VideoStream } from '../wire/schema'
import { serverNow } from './clock'
import { sheet } from './sheet'
import { tables, tracks } from './world'

export const streams = computed(() =>
  [...tables.videoStreams.values()].filter((one) => one.removedAtUs === undefined).sort((a, b) => nameOf(a).localeCompare(nameOf(b), 'zh')),
)

export function nameOf(one: VideoStream): string {
  return one.terms?.name ?? one.id
}
export function carrierName(one: VideoStream): string {
  const terms = one.terms
  const shown = tables.shownVideos.get(one.id)
  if (shown) return shown.carrierName
  if (!terms?.carrierId) return ''
  const record = terms.carrier === VideoCarrier.AIRCRAFT ? tables.aircraft.get(terms.carrierId) : undefined
  return record ? `${record.name} ${record.id}` : terms.carrierId
}
/** The key by which the map knows what the camera is on. */
export function keyOf(one: VideoStream): string {
  const terms = one.terms
  if (terms?.carrier !== VideoCarrier.AIRCRAFT) return terms?.carrierId ?? ''
  return tables.aircraft.get(terms.carrierId)?.icao24.toLowerCase() || terms.carrierId
}
export function placeOf(one: VideoStream): { lon: number; lat: number } | undefined {
  const seen = tracks.view(keyOf(one), serverNow())
  return seen && Number.isFinite(seen.lon) ? { lon: seen.lon, lat: seen.lat } : undefined
}
/** The streams of what is selected on the map. */
export function streamsOf(key: string): VideoStream[] {
  return key ? streams.value.filter((one) => keyOf(one) === key) : []
}
/** Its tile, on the wall. The wall is loaded with the first. */
export function watchVideo(streamId: string): void {
  void import('../video/wall').then(({ show }) => {
    show(streamId)
    sheet.value = 'video'
  })
}
/** The streams of the aircraft that a tasking is for. */
export function streamsFor(tasking: { id: string; aircraftId: string }): VideoStream[] {
  return streams.value.filter((one) => one.terms?.carrier === VideoCarrier.AIRCRAFT && one.terms.carrierId === tasking.aircraftId)
}
