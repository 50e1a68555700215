// One recording on one canvas, following the replay's clock: parts are fetched ahead, and a picture is fed when the clock comes
// to the moment at which it arrived. A jump begins at the key frame before it. Fast replay fetches key frames alone.
import { dropLook, pastId } from '../state/footprints'
import { serverNow } from '../state/clock'
import type { Problem } from '../wire/http'
import type { VideoLook, VideoPicture, VideoTold } from '../wire/schema'
import type { VideoPlayer } from './player'
import { playerFor } from './players'
import { fetchPart } from './recordings'

const KEYS_FROM_RATE = 60
const PART_MS = 8_000 // of recording in one question, at 1×
const LONGEST_MS = 110_000
const BEHIND_MS = 2_500 // what came in just now may not be on the disk yet
const AFTER_HOLE_MS = 3_600_000 // as far as the server looks for what comes next
const AGAIN_MS = 3_000 // after a failure
const MOST_WAITING = 90 // pictures in the decoder: a jump feeds a whole group at once

interface Waiting {
  at_ms: number
  picture?: VideoPicture
  look?: VideoLook
}

export class RecordedStream {
  readonly player: VideoPlayer
  problem: Problem | undefined
  loading = false
  /** Until when nothing was recorded; NaN: something is. */
  holeUntil_ms = NaN
  private queue: Waiting[] = []
  private through_ms = NaN
  private position_ms = NaN
  private keys = false
  private asking: AbortController | undefined
  private failedAt = -Infinity
  private seq = 0n
  private epoch = -1

  constructor(
    private readonly streamId: string,
    canvas: HTMLCanvasElement,
    private readonly looked: (look: VideoLook) => void,
  ) {
    this.player = playerFor(canvas, () => this.position_ms, undefined, MOST_WAITING)
  }

  /** The clock stands at `position_ms`; called at each animation frame. */
  follow(position_ms: number, rate: number): void {
    if (!Number.isFinite(position_ms)) return
    const moved = position_ms - this.position_ms
    const keys = rate >= KEYS_FROM_RATE
    if (!(moved >= 0 && moved <= 1_500 * rate) || keys !== this.keys) this.seek(position_ms, keys)
    this.position_ms = position_ms
    let fed = 0
    for (const one of this.queue) {
      if (one.at_ms > position_ms) break
      this.feed(one)
      fed += 1
    }
    if (fed) this.queue = this.queue.slice(fed)
    const part_ms = Math.min(LONGEST_MS * (keys ? 60 : 1), PART_MS * Math.max(1, keys ? rate : rate / 2))
    if (!this.asking && this.through_ms - position_ms < part_ms / 2 && performance.now() - this.failedAt > AGAIN_MS) void this.fetch(part_ms, false)
  }

  close(): void {
    this.asking?.abort()
    this.player.close()
    this.queue = []
    dropLook(pastId(this.streamId))
  }

  private seek(position_ms: number, keys: boolean): void {
    this.asking?.abort()
    this.asking = undefined
    this.queue = []
    this.keys = keys
    this.position_ms = this.through_ms = position_ms
    this.holeUntil_ms = NaN
    this.failedAt = -Infinity
    this.epoch = -1
    this.player.cut()
    dropLook(pastId(this.streamId))
    void this.fetch(PART_MS, true)
  }

  private async fetch(part_ms: number, begin: boolean): Promise<void> {
    const from_ms = begin ? this.position_ms + 1 : this.through_ms
    const to_ms = Math.min(from_ms + part_ms, serverNow() - BEHIND_MS)
    if (to_ms <= from_ms) return
    const asking = (this.asking = new AbortController())
    this.loading = true
    const answer = await fetchPart(this.streamId, from_ms, to_ms, { begin, keys: this.keys }, asking.signal)
    if (asking.signal.aborted) return
    this.asking = undefined
    this.loading = false
    this.problem = answer.ok ? undefined : answer.problem
    if (!answer.ok) {
      this.failedAt = performance.now()
      return
    }
    const { told, through_ms, next_ms } = answer.value
    for (const one of told) this.queue.push(...waitingOf(one))
    this.holeUntil_ms = NaN
    if (told.length || to_ms < from_ms + part_ms - 1) this.through_ms = through_ms
    else {
      this.holeUntil_ms = Number.isFinite(next_ms) ? next_ms : to_ms + AFTER_HOLE_MS
      this.through_ms = Math.max(through_ms, this.holeUntil_ms)
    }
  }

  private feed(one: Waiting): void {
    if (one.look) this.looked(one.look)
    const { picture } = one
    if (!picture) return
    // numbers begin again with the process that took it in: another beginning under the same number
    if (picture.key && picture.epoch === this.epoch && picture.seq <= this.seq) this.player.cut()
    this.epoch = picture.epoch
    this.seq = picture.seq
    this.player.feed(picture)
  }
}

function waitingOf(told: VideoTold): Waiting[] {
  const { body } = told
  if (body.case === 'picture') return [{ at_ms: Number(body.value.arrivedUs) / 1000, picture: body.value }]
  if (body.case === 'look') return [{ at_ms: Number(body.value.arrivedUs) / 1000, look: body.value }]
  return []
}
