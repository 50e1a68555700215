// Positions of this phone that are not with the server yet, oldest first, bounded.
//
// Kept in localStorage under the account's name, so that a reload or a crash loses at most the last half minute. Full:
// every second one of the older half goes, so that what is left still tells the whole way, more coarsely.
import type { Store } from './outbox'

export interface Point {
  at_ms: number // server time of the fix
  lon: number
  lat: number
  datum: string
  accuracy_m: number | null
  altitude_m: number | null
  speed_mps: number | null
  course_deg: number | null
  /** It could not go out when it was made. */
  late: boolean
}

export const MOST_POINTS = 720 // an hour of moving at 5 s, six of standing at 30 s; about 100 kB

export class TrackLog {
  points: Point[]
  /** Points given up for room since the log was opened. */
  thinned = 0

  constructor(
    private readonly store: Store,
    private readonly account: string,
  ) {
    this.points = read(store.getItem(this.slot))
  }

  private get slot(): string {
    return `ganying.positions.${this.account}`
  }

  save(): void {
    if (this.points.length) this.store.setItem(this.slot, JSON.stringify(this.points))
    else this.store.removeItem(this.slot)
  }

  add(point: Point): void {
    this.points.push(point)
    if (this.points.length > MOST_POINTS) {
      const half = MOST_POINTS >> 1
      const before = this.points.length
      this.points = this.points.filter((_, i) => i >= half || i % 2 === 0)
      this.thinned += before - this.points.length
    }
  }

  /** The oldest `count`, still kept: they are let go by `sent`. */
  first(count: number): Point[] {
    return this.points.slice(0, count)
  }

  sent(points: readonly Point[]): void {
    const gone = new Set(points)
    this.points = this.points.filter((one) => !gone.has(one))
  }

  /** What is here now did not go out in its time. */
  markLate(): void {
    for (const one of this.points) one.late = true
  }

  clear(): void {
    this.points = []
    this.save()
  }
}

function isPoint(one: unknown): one is Point {
  const p = one as Point
  return typeof p === 'object' && p !== null && [p.at_ms, p.lon, p.lat].every(Number.isFinite) && typeof p.datum === 'string'
}

function read(text: string | null): Point[] {
  if (!text) return []
  try {
    const found: unknown = JSON.parse(text)
    return Array.isArray(found) ? found.filter(isPoint).slice(-MOST_POINTS).map((one) => ({ ...one, late: true })) : []
  } catch {
    return [] // somebody edited the storage
  }
}

const MOVING_MPS = 0.7 // a slow walk
const MOVING_EVERY_MS = 5_000
const STILL_EVERY_MS = 30_000
export const STILL_AFTER_MS = 60_000 // this long without moving, and the receiver may sleep between fixes
const M_PER_DEG = 111_195

export function metresBetween(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const x = (b.lon - a.lon) * Math.cos((a.lat * Math.PI) / 180)
  return Math.hypot(x, b.lat - a.lat) * M_PER_DEG
}

/** Whether two fixes in a row say that it moves: by their own speed, else by more than their doubt. */
export function moves(before: Point | undefined, now: Point): boolean {
  if (now.speed_mps !== null) return now.speed_mps >= MOVING_MPS
  if (!before) return true // nobody knows yet
  const doubt_m = Math.max(before.accuracy_m ?? 0, now.accuracy_m ?? 0, 10)
  return metresBetween(before, now) > doubt_m
}

/** Whether a fix is due to be reported: each 5 s on the move, each 30 s at rest, at once when it begins to move. */
export function due(last: Point | undefined, now: Point, moving: boolean, wasMoving: boolean): boolean {
  if (!last) return true
  const gap_ms = now.at_ms - last.at_ms
  if (moving && !wasMoving) return gap_ms >= 1_000
  return gap_ms >= (moving ? MOVING_EVERY_MS : STILL_EVERY_MS) - 500
}
