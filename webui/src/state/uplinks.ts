// Messages to the field as this page knows them: what was sent and how far it came, and the one being written.
import { computed, shallowRef } from 'vue'
import { deg, kindWord, ms, UplinkAnswer, UplinkState, UplinkTo, TaskingState, type Tasking, type Uplink } from '../wire/schema'
import { fetchFile, request, type Answer } from '../wire/http'
import { t, word } from '../text'
import { mayUse } from './acts'
import { distance_m, type LonLat } from './geodesy'
import { loose, markTaker, stopDrawing } from './rooms'
import { session } from './session'
import { tables } from './world'

export const MAX_TEXT = 300
export const MOST_POINTS = 200
const SENDABLE = new Set([
  TaskingState.ORDERED, TaskingState.ACCEPTED, TaskingState.PREPARING, TaskingState.RELEASED, TaskingState.AIRBORNE,
  TaskingState.WORKING, TaskingState.RETURNING, TaskingState.STOPPED, TaskingState.LANDED, TaskingState.DOWN,
])
const TEAM = 'cot:'
const OFFERED_M = 30_000
const M_PER_DEG = 111_195
const MOST_HEARD = 1_000
const ON_GROUND = new Set(['team', 'vehicle'])
export const AT_SCENE_M = 5_000

/** A frame as it was shown, its watermark burnt in. */
export interface StillTaken {
  canvas: HTMLCanvasElement
  shownAt_ms: number
  streamId: string
  streamName: string
  carrierId: string
  recorded: boolean
}
export interface UplinkDraft {
  number: number // of this page: another message is another form
  incidentId: string
  taskingId: string
  still?: StillTaken
}
let begunSoFar = 0
export const draft = shallowRef<UplinkDraft | null>(null)
export const maySend = (): boolean => mayUse('send_uplink', session.value?.role ?? '')

/** Begin a message; of a still: to the aircraft that carries the camera, where it is on a tasking. */
export function writeUplink(begun: Partial<UplinkDraft>): void {
  endUplink()
  const still = begun.still
  const carrier = still ? [...tables.taskings.values()].find((one) => one.aircraftId === still.carrierId && sendable(one)) : undefined
  const taskingId = begun.taskingId ?? carrier?.id ?? ''
  const incidentId = begun.incidentId ?? tables.taskings.get(taskingId)?.incidentId ?? ''
  draft.value = { number: (begunSoFar += 1), incidentId, taskingId, ...(still ? { still } : {}) }
}
export function endUplink(): void {
  draft.value = null
  loose.value = []
  if (markTaker.value) stopDrawing()
  markTaker.value = null
}

export const sendable = (one: Tasking): boolean => SENDABLE.has(one.state)
export const taskingsOf = (incidentId: string): Tasking[] => [...tables.taskings.values()].filter((one) => one.incidentId === incidentId && sendable(one))

export interface Team {
  key: string
  name: string
  away_m: number
}
interface Heard {
  geometry: { coordinates: [number, number] }
  properties: { keys: string[]; name: string; callsign: string; thing_kind: string | null }
}
/** Ground teams whose device can be written to, nearest first; asked of the server, whatever this page's map shows. */
export async function fetchTeams(at: LonLat): Promise<Team[]> {
  const up = OFFERED_M / M_PER_DEG
  const out = up / Math.cos((at.lat * Math.PI) / 180)
  const box = [at.lon - out, at.lat - up, at.lon + out, at.lat + up].map((one) => one.toFixed(5))
  const answer = await request<{ features: Heard[] }>('GET', `tracks?bbox=${box.join()}&limit=${MOST_HEARD}`)
  if (!answer.ok) return []
  return answer.value.features
    .flatMap(({ geometry, properties: one }) => {
      const key = one.keys.find((each) => each.startsWith(TEAM))
      const [lon, lat] = geometry.coordinates
      return key && ON_GROUND.has(one.thing_kind ?? '') ? [{ key, name: one.name || one.callsign || key.slice(TEAM.length), away_m: distance_m(at, { lon, lat }) }] : []
    })
    .filter((one) => one.away_m <= OFFERED_M)
    .sort((a, b) => a.away_m - b.away_m)
}

/** Newest first; those of one message together. */
export interface Message {
  id: string
  first: Uplink
  to: Uplink[]
}
const newestFirst = computed(() => [...tables.uplinks.values()].sort((a, b) => Number(b.sentAtUs - a.sentAtUs) || a.id.localeCompare(b.id)))
export function messagesOf(filter: (one: Uplink) => boolean): Message[] {
  const found = new Map<string, Message>()
  for (const one of newestFirst.value.filter(filter)) {
    const known = found.get(one.messageId)
    if (known) known.to.push(one)
    else found.set(one.messageId, { id: one.messageId, first: one, to: [one] })
  }
  return [...found.values()]
}

export const stateWord = (one: Uplink): string => word(t.uplink.state, kindWord(UplinkState, one.state))
export const answerWord = (one: Uplink): string => (one.answer === undefined || one.answer === UplinkAnswer.READ ? '' : word(t.uplink.answer, kindWord(UplinkAnswer, one.answer)))
export const isTeam = (one: Uplink): boolean => one.to === UplinkTo.TEAM
export function reachedAt_ms(one: Uplink): number {
  return ms(one.answeredAtUs ?? one.readAtUs ?? one.shownAtUs ?? one.deliveredAtUs ?? one.handedAtUs ?? one.sentAtUs)
}

/** Where it happens: something to hold a sketch against. */
export function sceneOf(incidentId: string): LonLat {
  const at = tables.incidents.get(incidentId)?.position
  return { lon: deg(at?.lonE7), lat: deg(at?.latE7) }
}

/** The next piece of a message's picture; empty at its end. */
export function fetchPiece(id: string, offset: number): Promise<Answer<Blob>> {
  return fetchFile(`uplinks/${encodeURIComponent(id)}/picture?offset=${offset}`)
}
/** The whole picture, for a desk: its line is good. */
export async function fetchPicture(one: Uplink): Promise<Blob | undefined> {
  const parts: Blob[] = []
  let got = 0
  while (got < Number(one.picture?.size ?? 0)) {
    const answer = await fetchPiece(one.id, got)
    if (!answer.ok || !answer.value.size) return undefined
    parts.push(answer.value)
    got += answer.value.size
  }
  return new Blob(parts, { type: 'image/jpeg' })
}
