// Messages to the field as this page knows them: what was sent and how far it came, and the one being written.
import { computed, shallowRef } from 'vue'
import { kindWord, ms, ThingKind, UplinkAnswer, UplinkState, UplinkTo, TaskingState, type Tasking, type Uplink } from '../wire/schema'
import { fetchFile, type Answer } from '../wire/http'
import { t, word } from '../text'
import { mayUse } from './acts'
import { serverNow } from './clock'
import { distance_m, type LonLat } from './geodesy'
import { loose, markTaker, stopDrawing } from './rooms'
import { session } from './session'
import { tables, tracks } from './world'

export const MAX_TEXT = 300
export const MOST_POINTS = 200
const SENDABLE = new Set([
  TaskingState.ORDERED, TaskingState.ACCEPTED, TaskingState.PREPARING, TaskingState.RELEASED, TaskingState.AIRBORNE,
  TaskingState.WORKING, TaskingState.RETURNING, TaskingState.STOPPED, TaskingState.LANDED, TaskingState.DOWN,
])
const TEAM = 'cot:'
const OFFERED_M = 30_000
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
/** Ground teams whose device can be written to, nearest first. */
export function teamsNear(at: LonLat): Team[] {
  const found: Team[] = []
  for (const one of tracks.all(serverNow())) {
    if (one.thingKind !== ThingKind.TEAM && one.thingKind !== ThingKind.VEHICLE) continue
    const key = one.id.startsWith(TEAM) ? one.id : (tables.identities.get(one.id)?.keys.find((each) => each.startsWith(TEAM)) ?? '')
    const away_m = distance_m(at, { lon: one.lon, lat: one.lat })
    if (key && away_m <= OFFERED_M) found.push({ key, name: one.name || one.callsign || key.slice(TEAM.length), away_m })
  }
  return found.sort((a, b) => a.away_m - b.away_m)
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
