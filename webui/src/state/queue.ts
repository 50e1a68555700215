// The incident queue's order and numbers: what waits for a person first, then what is worst, then what is newest.
import { computed } from 'vue'
import { AlarmFlag, kindWord, IncidentState, type Incident } from '../wire/schema'
import { isFinal, isPlannable } from './acts'
import { nearBy } from './near'
import { tables } from './world'

const WAITING_FIRST: Record<number, number> = {
  [IncidentState.REPORTED]: 0,
  [IncidentState.CONFIRMED]: 1,
  [IncidentState.RESPONDING]: 1,
  [IncidentState.CONTAINED]: 2,
}

/** A candidate of elsewhere, of yesterday or of a drill waits behind what goes on: a pass of hundreds must not bury a fire. */
const ASIDE = new Set([AlarmFlag.OUT_OF_AREA, AlarmFlag.EXPIRED, AlarmFlag.EXERCISE, AlarmFlag.CANCELLED])
function groupOf(one: Incident): number {
  if (one.state === IncidentState.REPORTED && one.flags.some((flag) => ASIDE.has(flag))) return 1.5
  return WAITING_FIRST[one.state] ?? 3
}

export function incidentOrder(a: Incident, b: Incident): number {
  const group = groupOf(a) - groupOf(b)
  if (group) return group
  if (a.state !== IncidentState.REPORTED && a.level !== b.level) return a.level - b.level
  return Number(b.reportedAtUs - a.reportedAtUs)
}

export const openIncidents = computed(() =>
  [...tables.incidents.values()].filter((one) => !isFinal('incident', kindWord(IncidentState, one.state))).sort(incidentOrder),
)
export const closedIncidents = computed(() =>
  [...tables.incidents.values()]
    .filter((one) => isFinal('incident', kindWord(IncidentState, one.state)))
    .sort((a, b) => Number(b.reportedAtUs - a.reportedAtUs)),
)

/** Whether anything may still be sent there: a proposal for what is over is drawn no more. */
export function isWanted(incidentId: string): boolean {
  const found = tables.incidents.get(incidentId)
  return found === undefined || isPlannable(kindWord(IncidentState, found.state))
}

/** The number on card, map and key 1-9. Given by age so that a new report does not renumber the others. */
export const incidentNumber = computed(() => {
  const byAge = [...tables.incidents.values()]
    .filter((one) => !isFinal('incident', kindWord(IncidentState, one.state)))
    .sort((a, b) => Number(a.reportedAtUs - b.reportedAtUs) || (a.id < b.id ? -1 : 1))
  return new Map(byAge.map((one, i) => [one.id, i + 1]))
})

export const possibleDuplicates = computed(() => nearBy(tables.incidents.values()))
