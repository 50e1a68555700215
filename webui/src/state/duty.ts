// The desk's day as the server's doors tell it: who is on duty, the roster, handovers, the logbook.
import { shallowRef } from 'vue'
import { post, request, type Answer } from '../wire/http'

export interface Shift {
  id: string
  name: string
  post: string
  account: string
  display_name: string
  base_id: string
  base_name: string
  begins_at: string
  ends_at: string
  phone: string
  note: string
  cancelled: boolean
  version: number
}
export interface Brief {
  id: string
  state: string
  opened_by: string
  opened_name: string
  due_at: string
  late: boolean
  items: number
  unread: number
}
export interface Duty {
  on_duty: Shift[]
  coming: Shift[]
  handover: Brief | null
  missed: Shift[]
}
export interface Finding {
  code: string
  post: string
  begins_at: string
  ends_at: string
  shift_id: string
  account: string
  detail: string
  rule: string
  source: string
}
export interface Roster {
  items: Shift[]
  findings: Finding[]
  people: Record<string, string>
  may_save: boolean
}
export interface Item {
  key: string
  kind: string
  record_id: string
  title: string
  state: string
  detail: string
  at: string | null
}
export interface Handover {
  id: string
  state: string
  opened_at: string
  opened_by: string
  since: string
  due_at: string
  items: Item[]
  left_out: number
  remarks: string
  signed_at: string | null
  signed_by: string
  reads: { account: string; key: string; at: string }[]
  taken_at: string | null
  taken_by: string
  taken_remarks: string
  escalated_at: string | null
  version: number
}
export interface HandoverAnswer {
  handover: Handover
  present: Item[]
  changes: { kind: string; item: Item }[]
  unread: string[]
  names: Record<string, string>
}
export interface Line {
  seq: number
  at: string
  actor: string
  name: string
  role: string
  kind: string
  zh: string
  en: string
  incident_id: string
  tasking_id: string
  aircraft_id: string
  note_id: string
  corrects: string
  corrected_by: string
}

/** Who is on duty, asked for every few seconds by the desk; null until it is known. */
export const duty = shallowRef<Duty | null>(null)

export async function askDuty(): Promise<void> {
  const answer = await request<Duty>('GET', 'duty')
  if (answer.ok) duty.value = answer.value
}

const BEIJING_MS = 8 * 3_600_000
const DAY_MS = 86_400_000

/** Monday 00:00 in Beijing of the week that a moment lies in. */
export function monday_ms(at_ms: number): number {
  const day = Math.floor((at_ms + BEIJING_MS) / DAY_MS) // 1970-01-01 was a Thursday
  return (day - ((day + 3) % 7)) * DAY_MS - BEIJING_MS
}

/** A day and a clock in Beijing as an instant. */
export function instant_ms(day: string, clock: string): number {
  return Date.parse(`${day}T${clock}:00+08:00`)
}

export function askRoster(from_ms: number, to_ms: number): Promise<Answer<Roster>> {
  return request('GET', `roster?from=${new Date(from_ms).toISOString()}&to=${new Date(to_ms).toISOString()}`)
}

/** What a row of the roster is sent as; the id names day, post and person, so that a slip is not made twice. */
export function shiftBody(shift: Omit<Shift, 'display_name' | 'base_name'>): Record<string, unknown> {
  const { version, ...fields } = shift
  return { ...fields, source: '值班表', version_seen: version }
}

export function saveShift(shift: Omit<Shift, 'display_name' | 'base_name'>): Promise<Answer<unknown>> {
  return post('resources/shifts', shiftBody(shift))
}

export function handoverAct(id: string, act: string, body: Record<string, unknown>): Promise<Answer<HandoverAnswer>> {
  return post(id ? `handovers/${id}/${act}` : 'handovers', body)
}
