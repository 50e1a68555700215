// What a release waits for, and which of a tasking's requests stands; dispatch/clearance.py and airspace_state.py decide.
import { AirspaceKind, AirspaceState, AmendmentState, ms, TaskKind, type AirspaceRequest, type ClearanceRule, type Tasking } from '../wire/schema'
import { tables } from './world'

export const KINDS = [AirspaceKind.PLAN, AirspaceKind.TEMPORARY_AIRSPACE, AirspaceKind.TAKE_OFF_RELEASE]

/** The newest request of a kind but those of amendments that the crew has not acknowledged. */
export function standing(tasking: Tasking, kind: AirspaceKind): AirspaceRequest | undefined {
  const waits = new Set(tasking.amendments.filter((one) => one.state !== AmendmentState.ACKNOWLEDGED).map((one) => one.requestId))
  return [...tasking.airspaceRequestIds]
    .reverse()
    .filter((id) => !waits.has(id))
    .map((id) => tables.requests.get(id))
    .find((one) => one?.kind === kind)
}

export function isGranted(one: AirspaceRequest | undefined, now_ms: number): boolean {
  const state = one?.state
  return !!one && (state === AirspaceState.APPROVED || state === AirspaceState.ACTIVE) && ms(one.airspace?.activeUntilUs) >= now_ms
}

function ruleOf(kind: AirspaceKind, emergency: boolean, now_ms: number): ClearanceRule | undefined {
  return [...tables.clearanceRules.values()]
    .filter((one) => one.kind === kind && one.emergency === emergency && !one.unmanned)
    .filter((one) => ms(one.validFromUs) <= now_ms && (one.validUntilUs === undefined || now_ms < ms(one.validUntilUs)))
    .sort((a, b) => Number(a.validFromUs - b.validFromUs) || a.id.localeCompare(b.id))
    .at(-1)
}

export interface Need {
  kind: AirspaceKind
  granted: boolean
}

/** What a release of this tasking needs, and whether it is granted. The plan is needed unless a row says otherwise. */
export function needs(tasking: Tasking, now_ms: number): Need[] {
  const emergency = tasking.task !== TaskKind.PATROL
  return KINDS.filter((kind) => ruleOf(kind, emergency, now_ms)?.needed ?? kind === AirspaceKind.PLAN).map((kind) => ({
    kind,
    granted: isGranted(standing(tasking, kind), now_ms),
  }))
}

/** The agreement by which the plan may follow the flight, if one is stored. */
export function agreementOf(tasking: Tasking, now_ms: number): string {
  const rule = ruleOf(AirspaceKind.PLAN, tasking.task !== TaskKind.PATROL, now_ms)
  return rule && !rule.needed ? rule.agreement : ''
}

const DAY_MS = 86_400_000
const BEIJING_MS = 8 * 3_600_000
/** "15:05" Beijing time as the instant nearest to another; null where it is none. */
export function beijing(text: string, near_ms: number): number | null {
  const found = /^(\d{1,2}):(\d{2})$/.exec(text.trim())
  if (!found || Number(found[1]) > 23 || Number(found[2]) > 59) return null
  const midnight = Math.floor((near_ms + BEIJING_MS) / DAY_MS) * DAY_MS - BEIJING_MS
  const at = midnight + Number(found[1]) * 3_600_000 + Number(found[2]) * 60_000
  return [at - DAY_MS, at, at + DAY_MS].reduce((best, one) => (Math.abs(one - near_ms) < Math.abs(best - near_ms) ? one : best))
}
