// ATC's list: what waits, by the deadline of its answer; what holds; what is done. And what overlaps what.
import { computed } from 'vue'
import { distance_m } from '../state/geodesy'
import { serverNow } from '../state/clock'
import { tables, tracks } from '../state/world'
import { AirspaceState, deg, ms, type Airspace, type AirspaceRequest, type Position } from '../wire/schema'

export type Group = 'waiting' | 'countered' | 'active' | 'done'
export const GROUPS: Group[] = ['waiting', 'countered', 'active', 'done']

const GROUP_OF: Record<number, Group> = {
  [AirspaceState.FILED]: 'waiting',
  [AirspaceState.COUNTERED]: 'countered',
  [AirspaceState.APPROVED]: 'active',
  [AirspaceState.ACTIVE]: 'active',
  [AirspaceState.NONCONFORMING]: 'active',
}

export function groupOf(one: AirspaceRequest): Group {
  return GROUP_OF[one.state] ?? 'done'
}

export const grouped = computed(() => {
  const found: Record<Group, AirspaceRequest[]> = { waiting: [], countered: [], active: [], done: [] }
  for (const one of tables.requests.values()) found[groupOf(one)].push(one)
  found.waiting.sort((a, b) => Number(a.answerDueAtUs - b.answerDueAtUs))
  found.countered.sort((a, b) => Number((a.counter?.expiresAtUs ?? 0n) - (b.counter?.expiresAtUs ?? 0n)))
  found.active.sort((a, b) => Number((a.airspace?.activeUntilUs ?? 0n) - (b.airspace?.activeUntilUs ?? 0n)))
  found.done.sort((a, b) => Number(b.filedAtUs - a.filedAtUs))
  return found
})

const point = (position: Position | undefined) => ({ lon: deg(position?.lonE7), lat: deg(position?.latE7) })

function overlaps(a: Airspace, b: Airspace): boolean {
  const inTime = a.activeFromUs < b.activeUntilUs && b.activeFromUs < a.activeUntilUs
  const inHeight = a.datum !== b.datum || (a.floorM < b.ceilingM && b.floorM < a.ceilingM)
  return inTime && inHeight && distance_m(point(a.centre), point(b.centre)) < a.radiusM + b.radiusM
}

/** Other requests, asked or granted, whose circle, heights and time meet this one's. A help to the eye, no separation. */
export function overlapping(one: AirspaceRequest): AirspaceRequest[] {
  return [...tables.requests.values()].filter(
    (other) =>
      other.id !== one.id && groupOf(other) !== 'done' && !!one.airspace && !!other.airspace && overlaps(one.airspace, other.airspace),
  )
}

/** Aircraft heard inside the circle now that are not the applicant's. */
export function trafficInside(one: AirspaceRequest): number {
  const block = one.airspace
  if (!block) return 0
  const now = serverNow()
  const own = tables.aircraft.get(one.aircraftId)?.icao24
  return tracks.all(now).filter(
    (track) => track.icao24 !== own && track.freshness !== 'ghost' && distance_m(track, point(block.centre)) < block.radiusM,
  ).length
}

/** The flight it is for; without one, the beginning of the block. */
export function takeOff_ms(one: AirspaceRequest): number {
  return ms(tables.taskings.get(one.taskingId)?.takeOffAtUs ?? one.airspace?.activeFromUs)
}

export function leadMinutes(one: AirspaceRequest): number {
  return Math.max(0, Math.round((takeOff_ms(one) - ms(one.filedAtUs)) / 60_000))
}
