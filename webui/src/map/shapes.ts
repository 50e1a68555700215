// Records as GeoJSON for the flat things on the map: bases, water, airspace blocks, planned legs.
import type { Feature, FeatureCollection, Position as GeoPosition } from 'geojson'
import { circle, corridor } from '../state/geodesy'
import { tables } from '../state/world'
import {
  AirspaceState,
  deg,
  ms,
  TaskingState,
  type AirspaceRequest,
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

function blockShapes(one: AirspaceRequest, wanted: boolean): Feature[] {
  const block = one.airspace!
  const centre = { lon: deg(block.centre?.lonE7), lat: deg(block.centre?.latE7) }
  const from = { lon: deg(block.corridorFrom?.lonE7), lat: deg(block.corridorFrom?.latE7) }
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
    polygon(corridor(from, centre, block.corridorHalfWidthM), 'corridor'),
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

function leg(from: GeoPosition, to: GeoPosition, properties: Record<string, unknown>): Feature {
  return { type: 'Feature', properties, geometry: { type: 'LineString', coordinates: [from, to] } }
}

function taskingLegs(one: Tasking): Feature[] {
  const aircraft = tables.aircraft.get(one.aircraftId)
  const start = tables.bases.get(aircraft?.atBaseId || aircraft?.homeBaseId || one.baseId)
  const back = tables.bases.get(one.baseId)
  const water = tables.waterPoints.get(one.waterPointId)
  const scene = lonLat(one.incidentPosition)
  const legs: Feature[] = []
  if (start) legs.push(leg(lonLat(start.position), scene, { kind: 'plan' }))
  if (back && back !== start) legs.push(leg(scene, lonLat(back.position), { kind: 'plan' }))
  if (water) legs.push(leg(lonLat(water.position), scene, { kind: 'cycle' }))
  return legs
}

/** Planned legs of running taskings, and of the proposal that is open for the incident in focus. */
export function legShapes(incidentId: string): FeatureCollection {
  const features: Feature[] = []
  for (const one of tables.taskings.values()) if (PLANNED.has(one.state)) features.push(...taskingLegs(one))
  const open = [...tables.plans.values()]
    .filter((plan) => plan.state === 1 && plan.incidentIds.includes(incidentId))
    .sort((a, b) => Number(b.createdAtUs - a.createdAtUs))[0]
  for (const one of open?.assignments ?? []) {
    const aircraft = tables.aircraft.get(one.aircraftId)
    const start = tables.bases.get(aircraft?.atBaseId || aircraft?.homeBaseId || one.baseId)
    const incident = tables.incidents.get(one.incidentId)
    const water = tables.waterPoints.get(one.waterPointId)
    if (start && incident) features.push(leg(lonLat(start.position), lonLat(incident.position), { kind: 'preview' }))
    if (water && incident) features.push(leg(lonLat(water.position), lonLat(incident.position), { kind: 'preview' }))
  }
  return collection(features)
}

