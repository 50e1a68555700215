// One stream on one canvas where the page has no WebCodecs, as over plain http from another machine: access units as
// fragmented MP4 into a <video> that nobody sees, its frames onto the canvas. Same figures, same rules as player.ts.
//
// Times are ours, not the stream's: a unit's place is a little behind the one before it, as much later as it came later. So
// whatever comes at once (the group since the last key frame, fast replay) is played at once, a pause leaves no hole, and the
// end of what is buffered is now. A stream whose pictures are shown in another order than decoded keeps its own steps.
import type { VideoPicture } from '../wire/schema'
import { fragment, initial, sameSets, setsOf, TICKS, type Sets } from './fmp4'
import { newFigures, type VideoPlayer } from './player'
import { burn } from './watermark'

const LASTS = 100 // ticks of each unit: the next one mostly comes sooner, and until then the clock may run on
const LONGEST_STEP = 150 // below twice LASTS: beyond, a browser takes a gap for a new beginning and wants a key frame
const FAR_S = 0.8 // behind the end: leap
const NEAR_S = 0.1 // where a leap goes
const SLOW_S = 0.15 // behind the end: hurry
const HURRY = 1.3
const MOST_WAITING = 120 // units not yet appended; more: drop to the next key frame
const MOST_ARRIVALS = 600
const KEPT_S = 8 // of what has been played
const FORGET_EVERY_S = 20

export class MsePlayer implements VideoPlayer {
  readonly figures = newFigures('mse')
  private video: HTMLVideoElement | undefined
  private source: MediaSource | undefined
  private buffer: SourceBuffer | undefined
  private address = ''
  private type = ''
  private sets: Sets | undefined
  private waiting: Uint8Array[] = []
  private needsKey = true
  private epoch = -1
  private seq = 0n
  private number = 0
  private end = 0 // ticks: where the newest unit is
  private cameAt_ms = 0
  private dts_us = 0n
  private reordered = false
  private readonly arrivals = new Map<number, number>()
  private readonly context: CanvasRenderingContext2D | null

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly serverNow: () => number,
    private readonly mark?: () => string,
  ) {
    this.context = canvas.getContext('2d', { alpha: false })
  }

  feed(one: VideoPicture): void {
    if (one.epoch !== this.epoch) {
      if (!one.key) return
      this.epoch = one.epoch
      this.needsKey = true
    } else if (one.seq > this.seq + 1n) {
      this.figures.lost += Number(one.seq - this.seq - 1n)
    }
    this.seq = one.seq
    if (this.waiting.length > MOST_WAITING) {
      this.figures.lost += this.waiting.length
      this.waiting = []
      this.needsKey = true
    }
    if (one.key && !this.begin(one)) return
    if (!this.buffer && !this.source) return
    if (this.needsKey && !one.key) {
      this.figures.lost += 1
      return
    }
    this.needsKey = false
    this.put(one)
    this.append()
    this.follow()
  }

  /** What comes next begins at a key frame. */
  cut(): void {
    this.needsKey = true
    this.epoch = -1
  }

  /** Nothing may be seen any more. */
  blank(): void {
    this.cut()
    this.tearDown()
    this.context?.clearRect(0, 0, this.canvas.width, this.canvas.height)
    this.figures.painted = 0
  }

  close(): void {
    this.tearDown()
  }

  /** Ready for a key unit; what it needs that those before did not is told first. */
  private begin(key: VideoPicture): boolean {
    const codec = key.format?.codec ?? ''
    const type = `video/mp4; codecs="${codec.replace(/^hev1/, 'hvc1')}"`
    const sets = setsOf(key.data, /^h(ev|vc)1/.test(codec))
    Object.assign(this.figures, { codec, width: key.format?.width ?? 0, height: key.format?.height ?? 0, fault: MediaSource.isTypeSupported(type) ? '' : 'codec' })
    if (this.figures.fault || !sets) return false
    if (this.source && type === this.type && sameSets(this.sets, sets)) return true
    if (!this.source || type !== this.type) this.setUp(type)
    this.sets = sets
    this.waiting.push(initial(sets, this.figures.width, this.figures.height))
    return true
  }

  private setUp(type: string): void {
    this.tearDown()
    const source = (this.source = new MediaSource())
    const video = (this.video = document.createElement('video'))
    this.type = type
    this.end = this.number = 0
    video.muted = true
    video.playsInline = true
    video.src = this.address = URL.createObjectURL(source)
    video.onerror = () => this.video === video && this.broken()
    source.onsourceopen = () => {
      if (this.source !== source) return
      const buffer = (this.buffer = source.addSourceBuffer(type))
      buffer.onupdateend = () => this.append()
      this.append()
    }
    this.look(video)
  }

  private tearDown(): void {
    this.waiting = []
    this.arrivals.clear()
    this.sets = this.source = this.buffer = undefined
    const video = this.video
    this.video = undefined
    if (!video) return
    video.onerror = null
    video.removeAttribute('src')
    video.load()
    URL.revokeObjectURL(this.address)
  }

  private broken(): void {
    this.needsKey = true
    this.figures.errors += 1
    this.figures.lost += 1
    this.tearDown()
  }

  private put(one: VideoPicture): void {
    const now_ms = performance.now()
    this.reordered ||= one.ptsUs !== one.dtsUs
    const step = this.reordered ? Number(one.dtsUs - this.dts_us) / 1000 : now_ms - this.cameAt_ms
    this.end += Math.round(Math.min(LONGEST_STEP, Math.max(1, step)))
    this.cameAt_ms = now_ms
    this.dts_us = one.dtsUs
    const later = Math.max(0, Math.round(Number(one.ptsUs - one.dtsUs) / 1000))
    this.arrivals.set(this.end + later, Number(one.arrivedUs) / 1000)
    if (this.arrivals.size > MOST_ARRIVALS) this.arrivals.delete(this.arrivals.keys().next().value!)
    this.waiting.push(fragment((this.number += 1), one, this.sets!.hevc, this.end, later, LASTS))
  }

  private append(): void {
    const { buffer, video } = this
    if (!buffer || !video || buffer.updating || this.source?.readyState !== 'open') return
    try {
      const past_s = video.currentTime - KEPT_S
      if (buffer.buffered.length && past_s - buffer.buffered.start(0) > FORGET_EVERY_S) {
        buffer.remove(0, past_s)
        return
      }
      const next = this.waiting.shift()
      if (next) buffer.appendBuffer(next as Uint8Array<ArrayBuffer>)
    } catch {
      this.broken()
    }
  }

  /** Stay near the end of what there is. */
  private follow(): void {
    const { video, buffer } = this
    if (!video || !buffer?.buffered.length) return
    const behind_s = this.end / TICKS - video.currentTime
    if (behind_s > FAR_S) video.currentTime = this.end / TICKS - NEAR_S
    video.playbackRate = behind_s > SLOW_S ? HURRY : 1
    if (video.paused) video.play().catch(() => undefined) // asked again with the next unit
  }

  private look(video: HTMLVideoElement): void {
    video.requestVideoFrameCallback((_, shown) => {
      if (this.video !== video) return
      this.paint(video, Math.round(shown.mediaTime * TICKS))
      this.look(video)
    })
  }

  private paint(video: HTMLVideoElement, at: number): void {
    if (this.canvas.width !== video.videoWidth || this.canvas.height !== video.videoHeight) {
      this.canvas.width = video.videoWidth
      this.canvas.height = video.videoHeight
    }
    this.context?.drawImage(video, 0, 0)
    const mark = this.mark?.()
    if (mark && this.context) burn(this.context, mark)
    this.figures.painted += 1
    const arrived = this.arrivals.get(at)
    if (arrived === undefined) return
    this.figures.arrivedAt_ms = arrived
    this.figures.latency_ms = Math.max(0, this.serverNow() - arrived)
  }
}
