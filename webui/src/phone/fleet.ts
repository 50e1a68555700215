// The operator's aircraft as its crews tell them apart: which has which tasking, who flies it, whether it may.
import { computed } from 'vue'
import { unfit } from '../state/resources'
import { site, tables } from '../state/world'
import { AirspaceState, CrewDuty, kindWord, TaskingState, type Aircraft, type CrewMember, type Tasking } from '../wire/schema'
import { acts, stateAhead } from './sending'

const ORDER = ['down', 'stopped', 'returning', 'working', 'airborne', 'released', 'preparing', 'accepted', 'ordered', 'landed']
const OVER = new Set(['draft', 'pending', 'settled', 'archived', 'ended'])

export interface Craft {
  aircraft: Aircraft
  tasking: Tasking | undefined
  state: string // of the tasking, with what waits; empty: none
  crew: CrewMember[]
  unfit: boolean
  unsent: number
}

const rank = (state: string): number => {
  const at = ORDER.indexOf(state)
  return at < 0 ? -1 : at // a state that this build does not know is shown first
}

export const mine = computed<Tasking[]>(() => {
  void acts.value
  return [...tables.taskings.values()]
    .filter((one) => !OVER.has(kindWord(TaskingState, one.state)))
    .sort((a, b) => rank(stateAhead(a)) - rank(stateAhead(b)) || Number(a.takeOffAtUs - b.takeOffAtUs))
})

export function crewOf(aircraftId: string): CrewMember[] {
  const captainFirst = (one: CrewMember): number => (one.duty === CrewDuty.CAPTAIN ? 0 : one.duty === CrewDuty.COPILOT ? 1 : 2)
  return [...tables.crew.values()].filter((one) => one.aircraftId === aircraftId).sort((a, b) => captainFirst(a) - captainFirst(b) || a.name.localeCompare(b.name))
}

/** All own aircraft in a fixed order: what a thumb has learnt stays where it is. */
export const fleet = computed<Craft[]>(() => {
  const own = [...tables.aircraft.values()].filter((one) => one.site === (site.value?.id ?? one.site))
  return own
    .sort((a, b) => a.id.localeCompare(b.id))
    .map((aircraft) => {
      const tasking = mine.value.find((one) => one.aircraftId === aircraft.id)
      return {
        aircraft,
        tasking,
        state: tasking ? stateAhead(tasking) : '',
        crew: crewOf(aircraft.id),
        unfit: unfit.has(aircraft.id),
        unsent: acts.value.filter((one) => one.state === 'waiting' && tables.taskings.get(one.taskingId)?.aircraftId === aircraft.id).length,
      }
    })
})

export function airspaceGone(tasking: Tasking): boolean {
  return tables.requests.get(tasking.airspaceRequestIds.at(-1) ?? '')?.state === AirspaceState.REVOKED
}
