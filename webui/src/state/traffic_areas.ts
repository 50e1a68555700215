// Incident airspace (现场交通区) as this page shows it: the record, and what changes by itself, which the server says.
import { shallowRef, watch } from 'vue'
import { request } from '../wire/http'
import { AircraftKind, deg, kindWord, TaskKind, TrafficLayerKind, type Aircraft, type Circuit, type EntryPoint, type Intrusion, type Tasking, type TrafficArea, type TrafficLayer } from '../wire/schema'
import { isFinal, TRAFFIC_LAYERS } from './acts'
import { bearing_deg, type LonLat } from './geodesy'
import { incidentInFocus } from './selection'
import { tables } from './world'
import { IncidentState } from '../wire/schema'

export interface PlacedBody {
  lon_deg: number
  lat_deg: number
}
export interface Occupied {
  circuit: string
  zone: string
  dip: boolean
  track_ids: string[]
  names: string[]
  crowded: boolean
}
/** As GET traffic-areas/{id} says it, but for the record, which the socket brings. */
/** What stands beside or under a one-way circuit: an obstacle, rising ground, or nobody knows. */
export interface CircuitHazard { circuit: string; kind: 'obstacle' | 'ground' | 'unknown'; name: string; top_m: number | null; over_ends_m: number | null; away_m: number | null; unknown_share: number }

export interface AreaNow {
  area: { id: string; version: number }
  stands: boolean
  suspended: boolean
  approved: {
    request_ids: string[]
    not_compared: string[]
    polygons: PlacedBody[][][]
    share: number
    floor_m: number | null
    ceiling_m: number | null
    until: string | null
    usable: string[]
    not_approved: string[]
  }
  in_control: { tasking_id: string; number: string; aircraft_id: string; name: string } | null
  occupied: Occupied[]
  circuit_hazards: CircuitHazard[]
  out_of_date: { water_point_ids: string[]; base_ids: string[] }
}

/** Of the incident in focus; null: not known (yet), so nothing is drawn as approved. */
export const areaNow = shallowRef<AreaNow | null>(null)

/** The area that counts for an incident. */
export function areaOf(incidentId: string): TrafficArea | undefined {
  const incident = tables.incidents.get(incidentId)
  if (!incident || isFinal('incident', kindWord(IncidentState, incident.state))) return undefined
  return [...tables.trafficAreas.values()].find((one) => one.incidentId === incidentId && one.withdrawnAtUs === undefined)
}

/** Drones that nobody has confirmed to be gone, oldest first. */
export function openIntrusions(incidentId: string): Intrusion[] {
  return [...tables.intrusions.values()].filter((one) => one.incidentId === incidentId && one.clearedAtUs === undefined).sort((a, b) => Number(a.seenAtUs - b.seenAtUs))
}

const ASK_MS = 4_000
/** How one area is now; null where the server does not say. */
export async function askArea(id: string): Promise<AreaNow | null> {
  const answer = await request<AreaNow>('GET', `traffic-areas/${encodeURIComponent(id)}`)
  return answer.ok ? answer.value : null
}

/** Keep asking about the area of the incident in focus, at once when what it hangs on changes. Returns how to stop. */
export function watchArea(): () => void {
  let asked = 0
  const ask = async (): Promise<void> => {
    const mine = ++asked
    const area = areaOf(incidentInFocus.value)
    if (!area) {
      areaNow.value = null
      return
    }
    if (areaNow.value && areaNow.value.area.id !== area.id) areaNow.value = null
    const now = await askArea(area.id)
    if (mine === asked) areaNow.value = now
  }
  const states = (): string => [...tables.requests.values()].map((one) => `${one.id}${one.version}`).join() + [...tables.taskings.values()].map((one) => `${one.id}${one.state}`).join()
  const stop = watch([incidentInFocus, () => [...tables.trafficAreas.values()], () => [...tables.intrusions.values()], states], () => void ask(), { immediate: true })
  const timer = setInterval(() => document.visibilityState === 'visible' && areaOf(incidentInFocus.value) && void ask(), ASK_MS)
  return () => {
    stop()
    clearInterval(timer)
  }
}

/** A drone that is being recorded: for which incident, where, and which track it is. */
export interface IntrusionDraft {
  incidentId: string
  trackId: string
  key: string
  place: LonLat | null
}
export const intrusionDraft = shallowRef<IntrusionDraft | null>(null)

/** Open the form for an incident, or for a track (an alarm about it selects it); then its place and height are known. */
export function openIntrusion(incidentId: string, track?: { id: string; key: string; place: LonLat }): void {
  intrusionDraft.value = { incidentId, trackId: track?.id ?? '', key: track?.key ?? '', place: track?.place ?? null }
}
export function placeIntrusion(at: LonLat): void {
  if (intrusionDraft.value) intrusionDraft.value = { ...intrusionDraft.value, place: at }
}

/** Which heights are an aircraft's for what it does there. */
export function layersOf(area: TrafficArea, aircraft: Aircraft | undefined, task: number | undefined): TrafficLayer[] {
  if (!aircraft) return []
  const above = task !== undefined && TRAFFIC_LAYERS.from_above.includes(kindWord(TaskKind, task))
  const wanted = above ? ['air_control'] : (TRAFFIC_LAYERS.by_kind[kindWord(AircraftKind, aircraft.kind)] ?? [])
  return area.layers.filter((one) => wanted.includes(kindWord(TrafficLayerKind, one.kind)))
}

const PART_DEG = 45 // an entry further round than this is on nobody's way
/** Its base's entry, else the nearest by direction. */
export function entryOf(area: TrafficArea, tasking: Tasking, aircraft: Aircraft | undefined): EntryPoint | undefined {
  for (const base of [aircraft?.atBaseId || aircraft?.homeBaseId, tasking.baseId]) {
    const found = area.entries.find((one) => !!base && one.baseIds.includes(base))
    if (found) return found
  }
  const from = tables.bases.get(tasking.baseId)?.position
  if (!from || !area.centre) return undefined
  const course = bearing_deg(placeOf(area.centre), placeOf(from))
  const off = (one: EntryPoint): number => Math.abs(((one.bearingDeg - course + 540) % 360) - 180)
  const nearest = [...area.entries].sort((a, b) => off(a) - off(b))[0]
  return nearest && off(nearest) <= PART_DEG ? nearest : undefined
}
export function circuitOf(area: TrafficArea, tasking: Tasking): Circuit | undefined {
  return area.circuits.find((one) => one.waterPointId === tasking.waterPointId)
}

export const placeOf = (at: { lonE7: number; latE7: number } | undefined): LonLat => ({ lon: deg(at?.lonE7), lat: deg(at?.latE7) })
