// A source in words: its kind, its line, its clock, when it was last heard.
import { t, word } from '../text'
import type { FeedStatus, ServiceStatus } from '../wire/schema'
import { fixed, span } from './format'
import type { Source } from './sources'

const PHONES = 'phone'
const GATEWAY = 'report:'

export function nameOf(feed: FeedStatus): string {
  if (feed.name === PHONES && feed.kind === PHONES) return t.sources.phones
  return feed.name.startsWith(GATEWAY) ? t.sources.gateway(feed.name.slice(GATEWAY.length)) : feed.name
}

export function heardWord(feed: FeedStatus): string {
  return feed.heardAgeMs === undefined ? t.sources.never : t.time.ago(span(feed.heardAgeMs))
}

/** "12.4 /s", "3 /min" where it is slow. */
export function rateWord(perSecond: number): string {
  if (!(perSecond > 0)) return '0 /s'
  if (perSecond >= 100) return `${fixed(perSecond, 0)} /s`
  return perSecond >= 0.2 ? `${fixed(perSecond, 1)} /s` : `${fixed(perSecond * 60, 1)} /min`
}

export function clockWord(feed: FeedStatus): string {
  return word(t.sources.clock, feed.clock || 'arrival')
}

/** In plain words, where the clock is off; empty where it is not. */
export function clockFault(feed: FeedStatus): string {
  if (feed.clock !== 'off') return ''
  if (feed.clockOffMs === undefined) return t.sources.clockOff('')
  const off_ms = Number(feed.clockOffMs)
  return off_ms >= 0 ? t.sources.clockOff(t.sources.slow(span(off_ms))) : t.sources.clockOff(t.sources.fast(span(-off_ms)))
}

/** The same in a few words. */
export function clockShort(feed: FeedStatus): string {
  if (feed.clock !== 'off') return ''
  const off_ms = Number(feed.clockOffMs ?? 0n)
  const by = off_ms ? (off_ms > 0 ? t.sources.slow(span(off_ms)) : t.sources.fast(span(-off_ms))) : t.sources.clock.off
  return `◆ ${t.sources.clockTitle} ${by}`
}

export function lostWord(source: Source): string {
  const { feed } = source
  const name = nameOf(feed)
  return t.map.feedLost(name, feed.heardAgeMs === undefined ? '' : span(feed.heardAgeMs), feed.tracks)
}

export function errorWord(code: string): string {
  return word(t.sources.errorCode, code)
}

export function serviceName(one: ServiceStatus): string {
  const kind = word(t.sources.serviceName, one.kind)
  return one.name === one.kind ? kind : `${kind} ${one.name}`
}
