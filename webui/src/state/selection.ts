// What is selected: one thing on the whole desk, the same in queue, map, timeline and card.
import { computed, shallowRef } from 'vue'
import { tables } from './world'

export interface Selection {
  kind: 'incident' | 'tasking' | 'aircraft'
  /** Record id; for something that moves its key: its 24-bit address in hex, else its id (state/tracks.ts). */
  id: string
}

export const selection = shallowRef<Selection | null>(null)
export const following = shallowRef('')

export function select(kind: Selection['kind'], id: string): void {
  selection.value = { kind, id }
}

export function unselect(): void {
  selection.value = null
  following.value = ''
}

/** The incident that is being talked about: selected itself, or through its tasking. */
export const incidentInFocus = computed(() => {
  const chosen = selection.value
  if (chosen?.kind === 'incident') return chosen.id
  if (chosen?.kind === 'tasking') return tables.taskings.get(chosen.id)?.incidentId ?? ''
  return ''
})

/** The key of what moves and is talked about; empty if nothing is. */
export const keyInFocus = computed(() => {
  const chosen = selection.value
  if (chosen?.kind === 'aircraft') return chosen.id
  if (chosen?.kind === 'tasking') return tables.taskings.get(chosen.id)?.aircraftIcao24 ?? ''
  return ''
})
