// Links and consents as the page reads them from the site's doors; who may do what with them.
import { shallowRef } from 'vue'
import { post, request, type Answer, type Problem } from '../wire/http'

export interface ClassTerms {
  object_class: string
  withheld: string[]
}
export interface Terms {
  agreement: string
  classes: ClassTerms[]
  band_m: number
  area: { lon_deg: number; lat_deg: number }[]
  valid_from: string
  valid_until: string | null
  track_every_s: number
  relay: boolean
  video_for_s: number
}
export interface Consent {
  id: string
  site: string
  partner: string
  revision: number
  terms: Terms
  state: string
  proposed_at: string
  proposed_by: string
  proposed_as: string
  signed_at: string | null
  signed_by: string
  signed_as: string | null
  version: number
}
export interface Receipt {
  id: string
  site: string
  partner: string
  consent_id: string
  at: string
  rows: number
  digest: string
  counts: { object_class: string; rows: number; bytes: number }[]
}
export interface OfferedAircraft {
  aircraft_id: string
  name: string
  model: string
  base_name: string
  ready: boolean
  ready_at: string | null
}
export interface Flow {
  object_class: string
  rows_sent: number
  bytes_sent: number
  rows_received: number
  bytes_received: number
}
export interface HistoryEnded {
  begins: string
  ends: string
  code: string
  rows: number
}
export interface HistorySpan {
  state: string
  begins: string | null
  ends: string | null
  through: string | null
  rows: number
  bytes: number
  code: string
}
/** Tracks of times in which the link was cut: those of the partner that are fetched, and ours that it asks for. */
export interface LinkHistory {
  wanted: boolean
  fetched: HistorySpan & { missing_s: number; pace: number; ended: HistoryEnded[] }
  served: HistorySpan
}
export interface LinkLine {
  site: string
  name: string
  state: string
  reason: string
  lag_ms: number
  queue: number
  skew_ms: number
  down_since: string | null
  heard_age_s: number | null
  agreement: string
  version: string
  capabilities: string[]
  detail: string
  via: string
  held: number
  traffic: { traffic: string; bytes_out: number; bytes_in: number }[]
  flows: Flow[]
  refused: { code: string; count: number }[]
  history: LinkHistory | null
  ended: boolean
  given: Consent | null
  proposed: Consent | null
  taken: Consent | null
  offer: { at: string; aircraft: OfferedAircraft[] } | null
  receipts: Receipt[]
}
export interface Draft {
  agreement: string
  classes: Record<string, boolean>
  withheld: Record<string, string[]>
  band_km: number
  until: string
  every_s: number
  relay: boolean
  video_min: number
  area: { lon_deg: number; lat_deg: number }[]
}

export const CLASSES = ['incidents', 'taskings', 'airspace', 'tracks', 'resources', 'aid', 'messages', 'volumes', 'video']
/** What can be left out of a class; the others have no such fields. */
export const FIELDS: Record<string, string[]> = {
  incidents: ['notes', 'place_names', 'fire_figures', 'position'],
  taskings: ['notes', 'water', 'hours', 'operators'],
  airspace: ['notes', 'frequencies'],
  resources: ['position'],
  messages: ['notes'],
  volumes: ['notes', 'frequencies'],
  video: ['position'],
}

export const lines = shallowRef<LinkLine[] | null>(null)
/** Which link the page should open at. */
export const linkWanted = shallowRef('')

export async function loadLinks(): Promise<Problem | null> {
  const answer = await request<{ items: LinkLine[] }>('GET', 'links')
  if (answer.ok) lines.value = answer.value.items
  return answer.ok ? null : answer.problem
}

export function draftOf(line: LinkLine): Draft {
  const terms = (line.proposed ?? line.given)?.terms
  const named = terms ? terms.classes.map((one) => one.object_class) : CLASSES.slice(0, 4)
  const until = terms?.valid_until ?? new Date(Date.now() + 365 * 86_400_000).toISOString()
  return {
    agreement: terms?.agreement || line.agreement,
    classes: Object.fromEntries(CLASSES.map((one) => [one, named.includes(one)])),
    withheld: Object.fromEntries(CLASSES.map((one) => [one, terms?.classes.find((each) => each.object_class === one)?.withheld ?? []])),
    band_km: (terms?.band_m ?? 20_000) / 1000,
    until: until.slice(0, 10),
    every_s: terms?.track_every_s ?? 5,
    relay: terms?.relay ?? (lines.value ?? []).some((each) => each.via === line.site),
    video_min: Math.round((terms?.video_for_s ?? 0) / 60),
    area: terms?.area ?? [],
  }
}

export function propose(line: LinkLine, draft: Draft): Promise<Answer<Consent>> {
  return post('consents', {
    partner: line.site,
    agreement: draft.agreement.trim(),
    classes: CLASSES.filter((one) => draft.classes[one]).map((one) => ({ object_class: one, withheld: draft.withheld[one] ?? [] })),
    band_m: Math.round(draft.band_km * 1000),
    area: draft.area,
    valid_until: draft.until ? new Date(`${draft.until}T23:59:59+08:00`).toISOString() : null,
    track_every_s: draft.every_s,
    relay: draft.relay,
    video_for_s: draft.classes['video'] ? draft.video_min * 60 : 0,
  })
}

export function actOn(consent: Consent, act: 'sign' | 'withdraw' | 'revoke', reason = ''): Promise<Answer<Consent>> {
  const body = { version: consent.version, ...(act === 'sign' ? {} : { reason }) }
  return post(`consents/${encodeURIComponent(consent.id)}/${act}`, body)
}

/** When the last row of a partner's record is from, by its owner's clock. */
export function lastRow_ms(history: readonly { atUs: bigint }[], made?: bigint): number {
  return Number(history.reduce((last, step) => (step.atUs > last ? step.atUs : last), made ?? 0n) / 1000n)
}
