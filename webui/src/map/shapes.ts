// Records as GeoJSON for the flat things on the map: bases, water, airspace blocks, planned legs.
import type { Feature, FeatureCollection, Position as GeoPosition } from 'geojson'
import { chosenClosure, draft, heightsOf, isActive, isOver, ringOf, timesOf, topOf } from '../state/closures'
import { circle, corridor } from '../state/geodesy'
import { t, word } from '../text'
import { isWanted } from '../state/queue'
import { tables } from '../state/world'
import {
  AirspaceState,
  AlarmKind,
  deg,
  kindWord,
  ms,
  TaskingState,
  type Airspace,
  type AirspaceRequest,
  type Assignment,
  type Position,
  type Tasking,
} from '../wire/schema'

const collection = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features })

function lonLat(position: Position | undefined): GeoPosition {
  return [deg(position?.lonE7), deg(position?.latE7)]
}

function point(position: Position | undefined, properties: Record<string, unknown>): Feature {
  return { type: 'Feature', properties, geometry: { type: 'Point', coordinates: lonLat(position) } }
}

export function resourceShapes(): FeatureCollection {
  return collection([
    ...[...tables.bases.values()].map((one) => point(one.position, { kind: 'base', name: one.name })),
    ...[...tables.waterPoints.values()].map((one) => point(one.position, { kind: 'water', name: one.name })),
    ...[...tables.hospitals.values()].map((one) => point(one.position, { kind: 'hospital', name: one.name })),
  ])
}

const SHOWN = new Set([
  AirspaceState.FILED,
  AirspaceState.COUNTERED,
  AirspaceState.APPROVED,
  AirspaceState.ACTIVE,
  AirspaceState.NONCONFORMING,
])

/** Blocks that hold or are asked for now; one whose time has run out is gone from the map. */
export function airspaceShapes(now_ms: number, highlighted: string): FeatureCollection {
  const features: Feature[] = []
  for (const one of tables.requests.values()) {
    const wanted = one.id === highlighted
    if (!one.airspace || (!wanted && (!SHOWN.has(one.state) || ms(one.airspace.activeUntilUs) < now_ms))) continue
    features.push(...blockShapes(one, wanted))
  }
  return collection(features)
}

/** The corridors out and home, one strip a leg; where both are straight they are one. */
function corridorsOf(block: Airspace): GeoPosition[][] {
  const place = (at: Position | undefined) => ({ lon: deg(at?.lonE7), lat: deg(at?.latE7) })
  const out = [block.corridorFrom, ...block.outTurns, block.centre].map(place)
  const back = [block.centre, ...block.backTurns, block.corridorFrom].map(place)
  const same = !block.outTurns.length && !block.backTurns.length
  return (same ? [out] : [out, back]).flatMap((stops) => stops.slice(1).map((end, n) => corridor(stops[n]!, end, block.corridorHalfWidthM)))
}

function blockShapes(one: AirspaceRequest, wanted: boolean): Feature[] {
  const block = one.airspace!
  const centre = { lon: deg(block.centre?.lonE7), lat: deg(block.centre?.latE7) }
  const properties = {
    id: one.id,
    granted: one.state === AirspaceState.APPROVED || one.state === AirspaceState.ACTIVE,
    off: one.state === AirspaceState.NONCONFORMING,
    wanted,
  }
  const polygon = (ring: GeoPosition[], part: string): Feature => ({
    type: 'Feature',
    properties: { ...properties, part },
    geometry: { type: 'Polygon', coordinates: [ring] },
  })
  return [
    polygon(circle(centre, block.radiusM), 'circle'),
    ...corridorsOf(block).map((ring) => polygon(ring, 'corridor')),
  ]
}

const PLANNED = new Set([
  TaskingState.PENDING,
  TaskingState.ORDERED,
  TaskingState.ACCEPTED,
  TaskingState.PREPARING,
  TaskingState.RELEASED,
  TaskingState.AIRBORNE,
  TaskingState.WORKING,
  TaskingState.RETURNING,
])

function leg(stops: GeoPosition[], kind: string): Feature {
  return { type: 'Feature', properties: { kind }, geometry: { type: 'LineString', coordinates: stops } }
}

/** The ways of one flight: out to its first stop, which is the water where it carries any, between water and scene, home. */
function ways(one: Tasking | Assignment, scene: GeoPosition, kinds: { way: string; cycle: string }): Feature[] {
  const aircraft = tables.aircraft.get(one.aircraftId)
  const start = tables.bases.get(aircraft?.atBaseId || aircraft?.homeBaseId || one.baseId)
  const back = tables.bases.get(one.baseId)
  const water = tables.waterPoints.get(one.waterPointId)
  const hospital = tables.hospitals.get(one.hospitalId)
  const legs: Feature[] = []
  if (start) legs.push(leg([lonLat(start.position), ...one.outTurns.map(lonLat), water ? lonLat(water.position) : scene], kinds.way))
  if (water) legs.push(leg([lonLat(water.position), scene], kinds.cycle))
  if (hospital) legs.push(leg([scene, lonLat(hospital.position)], kinds.way))
  if (back) legs.push(leg([hospital ? lonLat(hospital.position) : scene, ...one.backTurns.map(lonLat), lonLat(back.position)], kinds.way))
  return legs
}

const GONE = new Set([TaskingState.RETURNING, TaskingState.STOPPED, TaskingState.DOWN])

/** Where a flight goes instead of its base, from its scene, named; or where it stands. */
function goalShapes(one: Tasking): Feature[] {
  const there = lonLat(one.elsewhere?.position)
  const label = `${one.number} ${one.state === TaskingState.RETURNING ? t.taskingAction.divert : word(t.taskingState, kindWord(TaskingState, one.state))}${one.elsewhere?.name ? `\n${one.elsewhere.name}` : ''}`
  const goal: Feature = { type: 'Feature', properties: { kind: 'goal', label, down: one.state === TaskingState.DOWN }, geometry: { type: 'Point', coordinates: there } }
  return one.state === TaskingState.RETURNING ? [leg([lonLat(one.incidentPosition), there], 'diversion'), goal] : [goal]
}

/** Planned legs of running taskings, and of the proposal that is open for the incident in focus. */
export function legShapes(incidentId: string): FeatureCollection {
  const features: Feature[] = []
  for (const one of tables.taskings.values()) if (GONE.has(one.state) && one.elsewhere) features.push(...goalShapes(one))
  for (const one of tables.taskings.values()) if (PLANNED.has(one.state) && !one.elsewhere) features.push(...ways(one, lonLat(one.incidentPosition), { way: 'plan', cycle: 'cycle' }))
  const open = [...tables.plans.values()]
    .filter((plan) => plan.state === 1 && plan.incidentIds.includes(incidentId))
    .sort((a, b) => Number(b.createdAtUs - a.createdAtUs))[0]
  for (const one of open?.assignments ?? []) {
    const incident = tables.incidents.get(one.incidentId)
    if (incident && isWanted(one.incidentId)) features.push(...ways(one, lonLat(incident.position), { way: 'preview', cycle: 'preview' }))
  }
  return collection(features)
}

/** Closed airspace and what is being drawn: areas, their names, and the corners set so far. */
export function closureShapes(now_ms: number): FeatureCollection {
  const features: Feature[] = []
  for (const one of tables.closures.values()) {
    if (isOver(one, now_ms)) continue
    const ring = ringOf(one)
    const properties = { id: one.id, active: isActive(one, now_ms), wanted: one.id === chosenClosure.value, drawn: false }
    features.push({ type: 'Feature', properties, geometry: { type: 'Polygon', coordinates: [ring] } })
    const top = topOf(ring)
    const label = `${one.name}\n${heightsOf(one)}\n${timesOf(one, now_ms)}`
    features.push({ type: 'Feature', properties: { ...properties, label }, geometry: { type: 'Point', coordinates: [top.lon, top.lat] } })
  }
  return collection([...features, ...draftShapes()])
}

function draftShapes(): Feature[] {
  const now = draft.value
  const [first] = now?.corners ?? []
  if (!now || !first) return []
  const properties = { active: false, wanted: true, drawn: true }
  const corners = now.corners.map((corner) => [corner.lon, corner.lat])
  const points: Feature[] = corners.map((at) => ({ type: 'Feature', properties: { ...properties, corner: true }, geometry: { type: 'Point', coordinates: at } }))
  if (now.shape === 'circle') {
    const ring = circle(first, now.radius_m)
    return [{ type: 'Feature', properties, geometry: { type: 'Polygon', coordinates: [ring] } }, ...points]
  }
  if (corners.length === 2) return [{ type: 'Feature', properties, geometry: { type: 'LineString', coordinates: corners } }, ...points]
  if (corners.length < 3) return points
  return [{ type: 'Feature', properties, geometry: { type: 'Polygon', coordinates: [[...corners, corners[0]!]] } }, ...points]
}

/** Where the alarms of the incident in focus say that they hold: warned areas, and hotspot pixels at their size. */
export function alarmShapes(incidentId: string): FeatureCollection {
  const sources = tables.incidents.get(incidentId)?.sources ?? []
  const polygon = (ring: GeoPosition[], kind: string): Feature => ({ type: 'Feature', properties: { kind }, geometry: { type: 'Polygon', coordinates: [ring] } })
  const round = (at: Position | undefined, radius_m: number, kind: string): Feature =>
    polygon(circle({ lon: deg(at?.lonE7), lat: deg(at?.latE7) }, radius_m), kind)
  return collection(
    sources.flatMap((one) => [
      ...one.areas.map((area) => (area.points.length === 1 ? round(area.points[0], area.radiusM, 'area') : polygon(area.points.map(lonLat), 'area'))),
      ...(one.kind === AlarmKind.HOTSPOT && one.radiusM > 0 ? [round(one.position, one.radiusM, 'pixel')] : []),
    ]),
  )
}
