// How a source of positions does, judged by the gap between arrivals and not by the age of what it says: a radar that
// turns once in twelve seconds is well, a feed that sent a hundred messages a second and stopped four seconds ago is not.
import type { FeedStatus } from '../wire/schema'

export type Health = 'ok' | 'quiet' | 'lost' | 'down' | 'waiting' | 'idle'

export const QUIET_AT_LEAST_MS = 3_000 // CONSOLE §8.10
const LOST_AT_LEAST_MS = 10_000
const LONGEST_GAP_MS = 600_000
/** Phones and gateways report when somebody wants to: their silence is no fault of a line. */
const FREE = new Set(['phone', 'report'])

/** The usual gap between arrivals of one source: a longer one is learnt quickly, a shorter one slowly, so that an
 * uneven source is not called silent at each of its pauses. */
export class Cadence {
  gap_ms = 0
  private messages = NaN
  private changedAt_ms = NaN

  hear(messages: number, at_ms: number): void {
    if (messages === this.messages) return
    const more = messages - this.messages
    const gap = (at_ms - this.changedAt_ms) / more
    this.messages = messages
    this.changedAt_ms = at_ms
    if (!(more > 0) || !(gap > 0) || gap > LONGEST_GAP_MS) return // the first word, or the server began anew
    this.gap_ms = this.gap_ms ? this.gap_ms + (gap - this.gap_ms) * (gap > this.gap_ms ? 0.5 : 0.05) : gap
  }

  get quiet_ms(): number {
    return Math.max(QUIET_AT_LEAST_MS, 2 * this.gap_ms)
  }

  get lost_ms(): number {
    return Math.max(LOST_AT_LEAST_MS, 5 * this.gap_ms)
  }
}

export function healthOf(feed: Pick<FeedStatus, 'kind' | 'state' | 'heardAgeMs'>, cadence: Cadence): Health {
  if (feed.state === 'down') return 'down'
  if (FREE.has(feed.kind)) return feed.state === 'connected' ? 'ok' : 'idle'
  if (feed.heardAgeMs === undefined) return 'waiting'
  if (feed.heardAgeMs > cadence.lost_ms) return 'lost'
  return feed.heardAgeMs > cadence.quiet_ms ? 'quiet' : 'ok'
}
