// Mutual aid as the server tells it: both records, the joint state, the clock. Asked anew when a record of it changes.
import { computed } from 'vue'
import { request, type Answer } from '../wire/http'
import { mayUse } from './acts'
import { session } from './session'
import { AidAskState, AidOfferState, type AidOffer, type AidRequest } from '../wire/schema'
import { site, tables } from './world'

export interface Handover {
  at: string
  place: string
  other_role: string
}
export interface AidNow {
  id: string
  state: string
  copy_of: string
  copy_age_s: number | null
  clock: string | null
  due_at: string | null
  rule_source: string
  acts: string[]
  request: {
    site: string
    partner: string
    incident_id: string
    incident_title: string
    version: number
    order_ref: string
    handover: Handover | null
    terms: { task: string; model: string; count: number; needed_by: string; until: string; note: string }
  }
  offer: {
    site: string
    version: number
    conditions: string
    declined_for: string
    handover: Handover | null
    cost: number | null
    bill: { flight_s: number; drops: number }[]
    aircraft: { aircraft: { id: string; name: string; model: string }; eta: string; cost_per_hour: number }[]
  } | null
}

export function fetchAid(incidentId = ''): Promise<Answer<{ items: AidNow[] }>> {
  return request('GET', `aid?limit=200${incidentId ? `&incident_id=${encodeURIComponent(incidentId)}` : ''}`)
}

/** Changes whenever a record of mutual aid does. */
export const aidStamp = computed(() => [...tables.aidRequests.values(), ...tables.aidOffers.values(), ...tables.aidAlarms.values()].map((one) => `${one.id}.${one.version}`).join())

/** The steps that this role may take now, of those that this site's record can take. */
export function mine(aid: AidNow, ours: string): string[] {
  const role = session.value?.role ?? ''
  const side = aid.request.site === ours ? ('aid_asking' as const) : ('aid_helping' as const)
  return aid.acts.filter((action) => mayUse(`${side}_${action}` as Parameters<typeof mayUse>[0], role))
}

const ASKING_OVER = new Set([AidAskState.SETTLED, AidAskState.WITHDRAWN, AidAskState.EXPIRED])
/** Requests that wait for this desk's answer, or of which a limit has passed: what the button counts. */
export const aidPressing = computed(() => {
  const late = new Set([...tables.aidAlarms.values()].map((one) => one.requestId))
  const unanswered = new Set([...tables.aidOffers.values()].filter((one) => one.site === site.value?.id && (one.state === AidOfferState.RECEIVED || one.state === AidOfferState.OFFERED)).map((one) => one.requestId))
  return [...tables.aidRequests.values()].filter((one) => !ASKING_OVER.has(one.state) && (late.has(one.id) || unanswered.has(one.id))).length
})

/** The step of a request that is waited for now, as its limit is called; '' where none is (dispatch/aid_rules.py). */
export function aidClockOf(request: AidRequest, offer: AidOffer | undefined): string {
  switch (request.state) {
    case AidAskState.REQUESTED:
      return 'approval'
    case AidAskState.SENT:
      if (!offer) return 'receipt'
      return offer.state === AidOfferState.RECEIVED || offer.state === AidOfferState.OFFERED ? 'answer' : offer.state === AidOfferState.ANSWERED ? 'acceptance' : ''
    case AidAskState.ACCEPTED:
      return offer?.state === AidOfferState.RECALLED ? '' : 'arrival'
    case AidAskState.RELEASED:
      return 'settlement'
    case AidAskState.WITHDRAWN:
      return offer?.state === AidOfferState.BILLED ? 'settlement' : ''
    default:
      return ''
  }
}
