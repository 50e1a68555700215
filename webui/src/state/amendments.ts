// What an order says now, what it is to say, and the airspace that its crew flies by. The rules are the server's
// (dispatch/amended.py): what is in force stands in the tasking; an amendment waits until the crew has acknowledged it.
import { t } from '../text'
import { AmendmentState, deg, kindWord, ms, PlaceKind, TaskingState, type AirspaceRequest, type Amendment, type Elsewhere, type Tasking, type Terms } from '../wire/schema'
import { clockMinute, lonLat } from './format'
import { distance_m } from './geodesy'
import { tables } from './world'

export function openAmendment(tasking: Tasking): Amendment | undefined {
  return [...tasking.amendments].reverse().find((one) => one.state === AmendmentState.OPEN)
}

/** The newest request, but for those of amendments that the crew has not acknowledged. */
export function airspaceInForce(tasking: Tasking): AirspaceRequest | undefined {
  const waits = new Set(tasking.amendments.filter((one) => one.state !== AmendmentState.ACKNOWLEDGED).map((one) => one.requestId))
  const id = [...tasking.airspaceRequestIds].reverse().find((one) => !waits.has(one))
  return tables.requests.get(id ?? '')
}

const STANDS = new Set<AmendmentState>([AmendmentState.OPEN, AmendmentState.ACKNOWLEDGED])
const NO_SCENE = new Set<TaskingState>([TaskingState.RETURNING, TaskingState.LANDED, TaskingState.DOWN, TaskingState.SETTLED, TaskingState.ARCHIVED, TaskingState.ENDED])
/** Nearer than this, who comes there sees it; dispatch/correction.py. */
export const MOVED_M = 500

/** How far the scene was moved since an order got its place, metres; dispatch/correction.py says the same. */
export function sceneMoved_m(tasking: Tasking): number | undefined {
  const incident = tables.incidents.get(tasking.incidentId)
  if (!incident || incident.movedAtUs === undefined || NO_SCENE.has(tasking.state)) return undefined
  const moved = incident.movedAtUs
  const ordered = tasking.history.some((one) => one.action === 'adopt' && one.atUs > moved)
  const amended = tasking.amendments.some((one) => one.changed.includes('incident_position') && STANDS.has(one.state) && one.atUs >= moved)
  if (ordered || amended) return undefined
  const at = (one: { lonE7: number; latE7: number } | undefined): { lon: number; lat: number } => ({ lon: deg(one?.lonE7), lat: deg(one?.latE7) })
  return distance_m(at(tasking.incidentPosition), at(incident.position))
}

/** Which amendment a request was made by; 0: by the order itself. */
export function amendmentOf(request: AirspaceRequest): number {
  return tables.taskings.get(request.taskingId)?.amendments.find((one) => one.requestId === request.id)?.number ?? 0
}

/** One of the terms in words. */
export function termText(terms: Terms | undefined, name: string): string {
  if (!terms) return '—'
  switch (name) {
    case 'base_id':
      return tables.bases.get(terms.baseId)?.name ?? terms.baseId
    case 'water_point_id':
      return terms.waterPointId ? (tables.waterPoints.get(terms.waterPointId)?.name ?? terms.waterPointId) : t.amend.none
    case 'hospital_id':
      return terms.hospitalId ? (tables.hospitals.get(terms.hospitalId)?.name ?? terms.hospitalId) : t.amend.none
    case 'incident_position':
      return lonLat(deg(terms.incidentPosition?.lonE7), deg(terms.incidentPosition?.latE7))
    case 'take_off_at':
      return clockMinute(ms(terms.takeOffAtUs))
    case 'on_scene_at':
      return clockMinute(ms(terms.onSceneAtUs))
    case 'land_at':
      return clockMinute(ms(terms.landAtUs))
    case 'drops':
      return `${terms.drops} ${t.unit.drops}`
    case 'turns':
      return [...(terms.turns?.out ?? []), ...(terms.turns?.back ?? [])].map((at) => lonLat(deg(at.lonE7), deg(at.latE7))).join('；') || t.clearance.straight
    default:
      return terms.remark || t.amend.none
  }
}

export function placeText(there: Elsewhere): string {
  return there.name || lonLat(deg(there.position?.lonE7), deg(there.position?.latE7))
}

/** Where a flight goes now instead of its base, or stands. */
export function elsewhereOf(tasking: Tasking): { there: Elsewhere; kind: string } | undefined {
  const there = tasking.elsewhere
  return there && { there, kind: kindWord(PlaceKind, there.kind) }
}

/** Emergency landings whose incident nobody has confirmed yet: nobody may overlook them. */
export function unattendedEmergencies(): Tasking[] {
  return [...tables.taskings.values()].filter((one) => {
    if (one.state !== TaskingState.DOWN || !one.elsewhere) return false
    const incident = tables.incidents.get(one.elsewhere.incidentId)
    return !incident || kindWord({ 1: 'reported' }, incident.state) === 'reported'
  })
}

export function personsText(count: number | undefined): string {
  return count === undefined ? t.elsewhere.unknown : String(count)
}
