// The sources of positions as the desk shows them: each with its health (cadence.ts), the worst first.
import { computed, shallowRef, watch } from 'vue'
import type { FeedStatus } from '../wire/schema'
import { Cadence, healthOf, type Health } from './cadence'
import { feeds, links, statusAt_ms } from './world'

export interface Source {
  feed: FeedStatus
  health: Health
  gap_ms: number
  /** Needs somebody to look: silent, off, or with its clock off. */
  wrong: boolean
}

const cadences = new Map<string, Cadence>()
export const sources = shallowRef<Source[]>([])

const RANK: Record<Health, number> = { down: 0, lost: 1, quiet: 2, ok: 3, waiting: 4, idle: 5 }

/** Each status, once a second. */
export function hearFeeds(list: readonly FeedStatus[], at_ms: number): void {
  const names = new Set(list.map((one) => one.name))
  for (const name of cadences.keys()) if (!names.has(name)) cadences.delete(name)
  sources.value = list.map((feed) => {
    let cadence = cadences.get(feed.name)
    if (!cadence) cadences.set(feed.name, (cadence = new Cadence()))
    cadence.hear(Number(feed.messages), at_ms)
    const health = healthOf(feed, cadence)
    return { feed, health, gap_ms: cadence.gap_ms, wrong: health === 'down' || health === 'lost' || feed.clock === 'off' }
  })
}

watch(statusAt_ms, (at_ms) => hearFeeds(feeds.value, at_ms), { flush: 'sync' })

/** Those with something wrong first, then as the site lists them. */
export const worstFirst = computed(() => [...sources.value].sort((a, b) => Number(b.wrong) - Number(a.wrong) || RANK[a.health] - RANK[b.health]))
export const lostSources = computed(() => sources.value.filter((one) => one.health === 'down' || one.health === 'lost'))
export const lostNames = computed(() => new Set(lostSources.value.map((one) => one.feed.name)))
export const summary = computed(() => {
  const count = (...wanted: Health[]): number => sources.value.filter((one) => wanted.includes(one.health)).length
  return { all: feeds.value.length, ok: count('ok'), quiet: count('quiet'), lost: count('lost', 'down'), rest: count('waiting', 'idle'), links: links.value.length }
})
