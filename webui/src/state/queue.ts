// The incident queue's order and numbers: what waits for a person first, then what is worst, then what is newest.
import { computed } from 'vue'
import { kindWord, IncidentState, type Incident } from '../wire/schema'
import { isFinal } from './acts'
import { tables } from './world'

const WAITING_FIRST: Record<number, number> = {
  [IncidentState.REPORTED]: 0,
  [IncidentState.CONFIRMED]: 1,
  [IncidentState.RESPONDING]: 1,
  [IncidentState.CONTAINED]: 2,
}

export function incidentOrder(a: Incident, b: Incident): number {
  const group = (WAITING_FIRST[a.state] ?? 3) - (WAITING_FIRST[b.state] ?? 3)
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

/** The number on card, map and key 1-9. Given by age so that a new report does not renumber the others. */
export const incidentNumber = computed(() => {
  const byAge = [...tables.incidents.values()]
    .filter((one) => !isFinal('incident', kindWord(IncidentState, one.state)))
    .sort((a, b) => Number(a.reportedAtUs - b.reportedAtUs) || (a.id < b.id ? -1 : 1))
  return new Map(byAge.map((one, i) => [one.id, i + 1]))
})
