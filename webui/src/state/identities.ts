// The registry of identities: which keys are one real thing, and the server's proposals of what might be.
import { computed, ref, shallowRef } from 'vue'
import { t, word } from '../text'
import { request, type Problem } from '../wire/http'
import { kindWord, ThingKind, type Identity } from '../wire/schema'
import { tables } from './world'

/** dispatch/identity.py: what a key may be. */
export const SCHEMES = ['icao24', 'registration', 'callsign', 'jt808', 'cot', 'radar', 'track', 'nmea', 'phone', 'report', 'partner'] as const
export const MOST_KEYS = 32
export const KINDS = ['helicopter', 'airplane', 'uav', 'other_aircraft', 'vehicle', 'team', 'vessel', 'obstacle'] as const

/** A key as it is kept, or why it cannot be one. */
export function readKey(scheme: string, typed: string): { key: string; fault: string } {
  let value = typed.trim()
  if (scheme === 'icao24') value = value.toLowerCase()
  if (scheme === 'registration' || scheme === 'callsign') value = value.replace(/\s+/g, '').toUpperCase()
  if (!value) return { key: '', fault: t.identity.keyEmpty }
  if (!/^[!-~]{1,64}$/.test(value)) return { key: '', fault: t.identity.keyBlanks }
  if (scheme === 'icao24' && !/^[0-9a-f]{6}$/.test(value)) return { key: '', fault: t.identity.keyHex }
  return { key: `${scheme}:${value}`, fault: '' }
}

export function splitKey(key: string): { scheme: string; value: string } {
  const at = key.indexOf(':')
  return at < 0 ? { scheme: '', value: key } : { scheme: key.slice(0, at), value: key.slice(at + 1) }
}

export function keyWord(key: string): string {
  const { scheme, value } = splitKey(key)
  return `${word(t.identity.scheme, scheme)} ${value}`
}

/** Whose key it is already. */
export function ownerOf(key: string, but = ''): Identity | undefined {
  for (const one of tables.identities.values()) if (!one.retired && one.id !== but && one.keys.includes(key)) return one
  return undefined
}

export interface IdentityBody {
  name: string
  thing_kind: string | null
  keys: string[]
  apart: string[]
  aircraft_id: string
  note: string
}

export function bodyOf(one: Identity): IdentityBody {
  return {
    name: one.name,
    thing_kind: kindWord(ThingKind, one.thingKind) || null,
    keys: [...one.keys],
    apart: [...one.apart],
    aircraft_id: one.aircraftId,
    note: one.note,
  }
}

export interface SeenTrack {
  id: string
  name: string
  callsign: string
  registration: string
  thing_kind: string | null
  source: string
  source_kind: string
  lon_deg: number | null
  lat_deg: number | null
  position_age_s: number | null
  accuracy_m: number | null
  altitude_m: number | null
  altitude_datum: string | null
  ground_speed_mps: number | null
  track_deg: number | null
}

export interface Side {
  key: string
  identity_id: string
  track: SeenTrack | null
}

export interface Proposal {
  reason: string
  since: string
  figures: Record<string, number>
  distance_m: number | null
  sides: [Side, Side]
}

export const proposals = shallowRef<Proposal[]>([])
export const proposalsProblem = shallowRef<Problem | null>(null)
export const proposalsLoaded = ref(false)

export const proposalId = (one: Proposal): string => one.sides.map((side) => side.key).join('|')

export async function fetchProposals(): Promise<void> {
  const answer = await request<{ items: Proposal[] }>('GET', 'identities/proposals')
  proposalsProblem.value = answer.ok ? null : answer.problem
  if (!answer.ok) return
  proposals.value = answer.value.items
  proposalsLoaded.value = true
}

export function sideName(side: Side): string {
  const { track } = side
  return tables.identities.get(side.identity_id)?.name || track?.name || track?.callsign || track?.registration || splitKey(side.key).value
}

export interface Decision {
  method: 'POST' | 'PUT'
  path: string
  body: IdentityBody & { version?: number; retired?: boolean }
}

function extend(one: Identity, more: Partial<IdentityBody>): Decision {
  const body = { ...bodyOf(one), ...more, version: one.version, retired: one.retired }
  return { method: 'PUT', path: `identities/${encodeURIComponent(one.id)}`, body }
}

/** Both are one thing: the identity that is there gets the other key, else a new one is made. Undefined: both have one. */
export function accepting(one: Proposal, name: string, kind: string): Decision | undefined {
  const [a, b] = one.sides
  const first = tables.identities.get(a.identity_id)
  const second = tables.identities.get(b.identity_id)
  if (first && second) return undefined
  const there = first ?? second
  if (there) return extend(there, { keys: [...there.keys, (first ? b : a).key] })
  return { method: 'POST', path: 'identities', body: { name, thing_kind: kind || null, keys: [a.key, b.key], apart: [], aircraft_id: '', note: '' } }
}

/** They are two things: written down at the identity that is there, else at a new one of the first. */
export function declining(one: Proposal): Decision {
  const [a, b] = one.sides
  const first = tables.identities.get(a.identity_id)
  if (first) return extend(first, { apart: [...first.apart, b.key] })
  const second = tables.identities.get(b.identity_id)
  if (second) return extend(second, { apart: [...second.apart, a.key] })
  const body = { name: sideName(a), thing_kind: a.track?.thing_kind ?? null, keys: [a.key], apart: [b.key], aircraft_id: '', note: '' }
  return { method: 'POST', path: 'identities', body }
}

function matches(one: Identity, text: string): boolean {
  return [one.id, one.name, one.aircraftId, one.note, ...one.keys].some((each) => each.toLowerCase().includes(text))
}

export function search(text: string, retired: boolean): Identity[] {
  const wanted = text.trim().toLowerCase()
  return [...tables.identities.values()]
    .filter((one) => (retired || !one.retired) && (!wanted || matches(one, wanted)))
    .sort((a, b) => Number(a.retired) - Number(b.retired) || a.name.localeCompare(b.name, 'zh'))
}

export const inUse = computed(() => [...tables.identities.values()].filter((one) => !one.retired).length)
