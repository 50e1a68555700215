// An hour of the past, played: what is loaded, where it stands, how fast. Knows no page; the page ticks it.
//
//   open(hour) -> overview of the hour (who, when)          seek(t) -> the picture at t, then what follows, in chunks
//   tick(wall ms) -> moves on, tells the store what was heard meanwhile, asks for the next chunk in time
//
// A jump is answered in full before anything plays; when the archive does not keep up, playing waits and says so.
import { TrackStore } from '../state/tracks'
import type { Problem } from '../wire/http'
import type { Ask, Rows } from './columns'
import { Retold } from './retold'

export const RATES = [1, 10, 60, 300] as const
export type Rate = (typeof RATES)[number]
export type Condition = 'loading' | 'ready' | 'waiting' | 'ended' | 'empty' | 'failed'

export const HOUR_MS = 3600_000
export const BARS = 60 // of the overview: one a minute
const LOOK_BACK_MS = 600_000 // the slowest source is lost after 10 min (freshness.ts): the picture at one moment needs no more
const KEPT_AGE_MS = 1_000 // how much of the present the archive may not have yet
const SWEEP_MS = 1_000
/** Steps in which reports are thinned, and lengths of what is asked for at once: finer than an ADS-B track dims. */
const GRAIN: Record<Rate, { step_s: number; chunk_ms: number }> = {
  1: { step_s: 1, chunk_ms: 60_000 },
  10: { step_s: 2, chunk_ms: 120_000 },
  60: { step_s: 4, chunk_ms: 480_000 },
  300: { step_s: 8, chunk_ms: 1200_000 },
}

export interface Overview {
  /** Things heard in each minute; none where there are more than one answer holds. */
  things: number[]
  empty: boolean
}

export class Player {
  readonly store = new TrackStore()
  from_ms = NaN
  to_ms = NaN
  position_ms = NaN
  rate: Rate = 10
  playing = false
  condition: Condition = 'loading'
  problem: Problem | undefined
  overview: Overview | undefined
  loadedTo_ms = NaN
  /** Something else follows this clock, such as recorded video: it runs where there are no tracks too. */
  followed = false
  private readonly retold = new Retold(this.store)
  private blocks: { rows: Rows; next: number }[] = []
  private asking: AbortController | undefined
  private surveying: AbortController | undefined
  private fetching = false
  private sweptAt = 0

  constructor(
    private readonly ask: Ask,
    private readonly now_ms: () => number,
    private readonly changed: () => void,
  ) {}

  /** An hour that begins at `from_ms`, standing at `at_ms`. */
  open(from_ms: number, at_ms = from_ms): void {
    this.from_ms = from_ms
    this.to_ms = from_ms + HOUR_MS
    this.overview = undefined
    void this.survey()
    this.seek(at_ms)
  }

  close(): void {
    this.asking?.abort()
    this.surveying?.abort()
    this.playing = false
    this.retold.forget()
    this.blocks = []
  }

  /** The last moment that can be shown. */
  get end_ms(): number {
    return Math.min(this.to_ms, this.now_ms() - KEPT_AGE_MS)
  }

  play(on: boolean): void {
    if (on && this.condition === 'ended') this.seek(this.from_ms)
    this.playing = on
    this.changed()
  }

  /** From now on, or no more, something else follows this clock. */
  follow(on: boolean): void {
    this.followed = on
    if (on && this.condition === 'empty') this.condition = 'ready'
    this.changed()
  }

  setRate(rate: Rate): void {
    this.rate = rate
    void this.fetchOn()
    this.changed()
  }

  seek(to_ms: number): void {
    this.asking?.abort()
    const asking = (this.asking = new AbortController())
    this.fetching = false
    this.position_ms = Math.max(this.from_ms, Math.min(to_ms, this.end_ms))
    this.loadedTo_ms = this.position_ms
    this.blocks = []
    this.retold.forget()
    this.condition = 'loading'
    this.problem = undefined
    this.changed()
    void this.begin(asking)
  }

  /** Try again what failed. */
  retry(): void {
    if (!this.overview) void this.survey()
    this.seek(this.position_ms)
  }

  tick(wall_ms: number): void {
    if (this.playing && (this.condition === 'ready' || this.condition === 'waiting')) {
      const wanted = this.position_ms + wall_ms * this.rate
      this.position_ms = Math.min(wanted, this.loadedTo_ms, this.end_ms)
      this.tell()
      const condition = this.position_ms >= this.to_ms ? 'ended' : this.position_ms < wanted ? 'waiting' : 'ready'
      if (condition === 'ended') this.playing = false
      if (condition !== this.condition) {
        this.condition = condition
        this.changed()
      }
    }
    if (this.condition !== 'loading' && this.condition !== 'failed') void this.fetchOn()
  }

  private async survey(): Promise<void> {
    this.surveying?.abort()
    const surveying = (this.surveying = new AbortController())
    const { from_ms, to_ms } = this
    const asked = await this.ask({ from_ms, to_ms, step_s: HOUR_MS / BARS / 1000 }, surveying.signal)
    if (surveying.signal.aborted || !asked.ok) return // the picture's own question says what is wrong
    const things = new Array<number>(BARS).fill(0)
    const { rows } = asked.page
    for (let at = 0; at < rows.count; at++) {
      const bar = Math.floor(((rows.at_ms[at]! - from_ms) / HOUR_MS) * BARS)
      if (things[bar] !== undefined) things[bar]++
    }
    this.overview = { things: asked.page.next ? [] : things, empty: !rows.count }
    if (!rows.count && this.condition === 'ready' && !this.store.count && !this.followed) this.condition = 'empty'
    this.changed()
  }

  private async begin(asking: AbortController): Promise<void> {
    const at_ms = this.position_ms
    const question = { from_ms: at_ms - LOOK_BACK_MS, to_ms: at_ms, step_s: LOOK_BACK_MS / 1000 }
    let cursor = ''
    do {
      const asked = await this.ask(cursor ? { ...question, cursor } : question, asking.signal)
      if (asking.signal.aborted) return
      if (!asked.ok) return this.fail(asked.problem)
      this.retold.tell(asked.page.rows, 0, at_ms)
      cursor = asked.page.next
    } while (cursor)
    this.store.sweep(at_ms, new Set())
    this.condition = !this.store.count && this.overview?.empty && !this.followed ? 'empty' : 'ready'
    this.changed()
    void this.fetchOn()
  }

  /** The next chunk, when what is loaded will not last. */
  private async fetchOn(): Promise<void> {
    const { step_s, chunk_ms } = GRAIN[this.rate]
    const from_ms = this.loadedTo_ms
    const ahead = from_ms - this.position_ms
    if (this.fetching || !this.asking || ahead > chunk_ms / 2 || from_ms >= this.end_ms) return
    const asking = this.asking
    this.fetching = true
    const question = { from_ms, to_ms: Math.min(from_ms + chunk_ms, this.end_ms), step_s }
    let cursor = ''
    do {
      const asked = await this.ask(cursor ? { ...question, cursor } : question, asking.signal)
      if (asking.signal.aborted) return
      if (!asked.ok) {
        this.fetching = false
        return this.fail(asked.problem)
      }
      if (asked.page.rows.count) this.blocks.push({ rows: asked.page.rows, next: 0 })
      cursor = asked.page.next
      // Pages are in order of their steps: up to the next page's step all is here.
      this.loadedTo_ms = cursor ? Math.max(from_ms, Number(cursor.split('~')[0]) / 1000) : question.to_ms
    } while (cursor)
    this.fetching = false
  }

  private fail(problem: Problem): void {
    this.problem = problem
    this.condition = 'failed'
    this.playing = false
    this.changed()
  }

  private tell(): void {
    for (const block of this.blocks) block.next = this.retold.tell(block.rows, block.next, this.position_ms)
    this.blocks = this.blocks.filter((block) => block.next < block.rows.count)
    const wall = performance.now()
    if (wall - this.sweptAt > SWEEP_MS) {
      this.sweptAt = wall
      this.store.sweep(this.position_ms, new Set())
    }
  }
}
