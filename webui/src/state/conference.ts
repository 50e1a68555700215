// The conference system as this desk sees it: what it may be offered, what it may pull, and what it pulls since when.
import { shallowRef, type Ref } from 'vue'
import { request } from '../wire/http'

export const MAP = 'map'

export interface ConferenceSource {
  id: string
  name: string
  taken_back_at: string | null
  reason: string
}
export interface ConferencePull {
  id: string
  source_id: string
  address: string
  began_at: string
  ended_at: string | null
}
export interface ConferenceCall {
  id: string
  called_at: string
  called_by: string
  until: string
  sources: ConferenceSource[]
  pulls: ConferencePull[]
}
export interface ConferenceSources {
  pulled: boolean
  offerable: ConferenceSource[]
  calls: ConferenceCall[]
  over: string[]
}

/** One source of a call that lasts, with who pulls it now. */
export interface OfferedLine {
  call: ConferenceCall
  source: ConferenceSource
  pulls: ConferencePull[]
}

export function useSources(room: () => string): { told: Ref<ConferenceSources | null>; load: () => Promise<void> } {
  const told = shallowRef<ConferenceSources | null>(null)
  async function load(): Promise<void> {
    const id = room()
    if (!id) return
    const answer = await request<ConferenceSources>('GET', `rooms/${encodeURIComponent(id)}/sources`)
    if (answer.ok && room() === id) told.value = answer.value
  }
  return { told, load }
}

/** What may be pulled now, newest call first. */
export function lines(told: ConferenceSources | null): OfferedLine[] {
  return (told?.calls ?? [])
    .filter((call) => !told?.over.includes(call.id))
    .flatMap((call) =>
      call.sources
        .filter((source) => !source.taken_back_at)
        .map((source) => ({ call, source, pulls: call.pulls.filter((pull) => pull.source_id === source.id && !pull.ended_at) })),
    )
}
