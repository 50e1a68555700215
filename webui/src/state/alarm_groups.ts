// A flood: more new alarms within ten minutes than a person can take in. Then those of one cause stand as one line with
// a count (one aircraft, or one kind in one area); red ones stay single, and nothing is hidden: a group opens.
import { ALERT_LIMITS } from './acts'
import type { Alarm } from './alarms'

export interface AlarmRow {
  key: string
  /** The gravest, first-out. */
  worst: Alarm
  /** All of them; one, where it stands single. */
  members: Alarm[]
  /** What they share. */
  by: 'aircraft' | 'kind' | ''
}

const LEAST = 3 // fewer are read as quickly as a group is opened
const CELL_DEG = 0.25 // about a county's valley

export function flooded(alarms: readonly Alarm[], now: number): boolean {
  const since = now - ALERT_LIMITS.flood_s * 1000
  return alarms.filter((one) => one.since_ms >= since).length > ALERT_LIMITS.flood
}

function areaOf(one: Alarm): string {
  if (one.place) return `${Math.floor(one.place.lon / CELL_DEG)},${Math.floor(one.place.lat / CELL_DEG)}`
  return one.incident ?? ''
}

/** In the order of `alarms`: a group stands where its gravest does. */
export function rowsOf(alarms: readonly Alarm[], flood: boolean): AlarmRow[] {
  const single = (one: Alarm): AlarmRow => ({ key: one.id, worst: one, members: [one], by: '' })
  if (!flood) return alarms.map(single)
  const named = new Map<string, Alarm[]>()
  const add = (key: string, one: Alarm): void => void named.set(key, [...(named.get(key) ?? []), one])
  const minor = alarms.filter((one) => one.level !== 1)
  for (const one of minor) if (one.aircraft) add(`aircraft:${one.aircraft}`, one)
  const taken = new Map<string, string>()
  for (const [key, members] of named) if (members.length >= LEAST) for (const one of members) taken.set(one.id, key)
  named.clear()
  for (const one of minor) add(taken.get(one.id) ?? `kind:${one.kind}:${areaOf(one)}`, one)
  const groups = [...named].filter(([, members]) => members.length >= LEAST)
  const groupOf = new Map(groups.flatMap(([key, members]) => members.map((one) => [one.id, key] as const)))
  const rows: AlarmRow[] = []
  const shown = new Set<string>()
  for (const one of alarms) {
    const key = groupOf.get(one.id)
    if (key === undefined) rows.push(single(one))
    else if (!shown.has(key)) {
      shown.add(key)
      rows.push({ key, worst: one, members: named.get(key)!, by: key.startsWith('aircraft:') ? 'aircraft' : 'kind' })
    }
  }
  return rows
}
