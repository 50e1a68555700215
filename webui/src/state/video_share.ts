// Video between sites as this page has it: partners' streams with what became of our request, and partners' requests to us.
import { create } from '@bufbuild/protobuf'
import { computed } from 'vue'
import { VideoGrantState, VideoRequestState, VideoStreamSchema, ms, type ShownVideo, type VideoGrant, type VideoRequest, type VideoStream } from '../wire/schema'
import { now_ms } from './clock'
import { site, tables } from './world'

export type ShareState = 'none' | 'asked' | 'granted' | 'refused' | 'revoked' | 'expired' | 'withdrawn'
export interface Share {
  state: ShareState
  request?: VideoRequest
  grant?: VideoGrant
}

/** A partner's stream as the wall has streams; its name on the map is the address of the aircraft it is on. */
function asStream(one: ShownVideo): VideoStream {
  return create(VideoStreamSchema, { id: one.id, site: one.site, terms: { name: one.name, carrier: one.carrier, carrierId: one.icao24, watermark: true } })
}
export const partnerStreams = computed(() =>
  [...tables.shownVideos.values()]
    .filter((one) => !one.gone)
    .sort((a, b) => a.site.localeCompare(b.site) || a.name.localeCompare(b.name, 'zh'))
    .map(asStream),
)
export const isPartners = (one: VideoStream): boolean => one.site !== '' && one.site !== site.value?.id

const grantByRequest = computed(() => new Map([...tables.videoGrants.values()].map((one) => [one.requestId, one])))
export const answerTo = (request: VideoRequest): VideoGrant | undefined => grantByRequest.value.get(request.id)

/** What became of our newest request for each stream. */
export const shares = computed(() => {
  const found = new Map<string, Share>()
  const own = [...tables.videoRequests.values()].filter((one) => one.site === site.value?.id).sort((a, b) => Number(a.requestedAtUs - b.requestedAtUs))
  for (const request of own) {
    const grant = answerTo(request)
    found.set(request.streamId, { state: stateOfShare(request, grant), request, ...(grant ? { grant } : {}) })
  }
  return found
})
function stateOfShare(request: VideoRequest, grant: VideoGrant | undefined): ShareState {
  if (request.state === VideoRequestState.WITHDRAWN) return 'withdrawn'
  switch (grant?.state) {
    case undefined:
      return 'asked'
    case VideoGrantState.GRANTED:
      return ms(grant.untilUs) > now_ms.value ? 'granted' : 'expired'
    case VideoGrantState.REVOKED:
      return 'revoked'
    case VideoGrantState.EXPIRED:
      return 'expired'
    default:
      return 'refused'
  }
}
export const shareOf = (streamId: string): Share => shares.value.get(streamId) ?? { state: 'none' }

/** Partners' requests that wait for this desk, the oldest first. */
export const asksToAnswer = computed(() =>
  [...tables.videoRequests.values()]
    .filter((one) => one.partner === site.value?.id && one.state === VideoRequestState.ASKED && !answerTo(one))
    .sort((a, b) => Number(a.requestedAtUs - b.requestedAtUs)),
)
/** What of ours partners may see now. */
export const given = computed(() =>
  [...tables.videoGrants.values()]
    .filter((one) => one.site === site.value?.id && one.state === VideoGrantState.GRANTED && tables.videoRequests.get(one.requestId)?.state !== VideoRequestState.WITHDRAWN)
    .sort((a, b) => Number(b.decidedAtUs - a.decidedAtUs)),
)
