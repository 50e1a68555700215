// One stream on one canvas: access units into a VideoDecoder, the newest decoded frame onto the canvas.
//
// Annex B without a description: parameter sets stand before each key frame. After anything that breaks the chain (a
// new epoch, an error, too much waiting) only a key frame is of use. Only the newest frame of an animation frame is
// painted, the others are closed unseen: a frame that is late is worth less than the next one.
import type { VideoPicture } from '../wire/schema'
import { burn } from './watermark'

const MOST_WAITING = 8 // chunks in the decoder; more: drop to the next key frame
const MOST_ARRIVALS = 240 // times of units that are in the decoder

export interface PlayerFigures {
  codec: string
  width: number
  height: number
  painted: number
  errors: number // of the decoder; each costs what follows up to the next key frame
  lost: number // units that the numbering says there were, and never came or could not be decoded
  latency_ms: number // of the frame painted last: from arrival at the site to the screen
  arrivedAt_ms: number // of the frame painted last, by the site's clock
  fault: '' | 'no_decoder' | 'codec'
  by: 'webcodecs' | 'mse'
}

export function newFigures(by: PlayerFigures['by']): PlayerFigures {
  return { codec: '', width: 0, height: 0, painted: 0, errors: 0, lost: 0, latency_ms: NaN, arrivedAt_ms: NaN, fault: '', by }
}

export interface VideoPlayer {
  readonly figures: PlayerFigures
  feed(one: VideoPicture): void
  /** What comes next begins at a key frame. */
  cut(): void
  /** Nothing may be seen any more. */
  blank(): void
  close(): void
}

export class Player implements VideoPlayer {
  readonly figures = newFigures('webcodecs')
  private decoder: VideoDecoder | undefined
  private needsKey = true
  private epoch = -1
  private seq = 0n
  private pending: VideoFrame | undefined
  private request = 0
  private readonly arrivals = new Map<number, number>()
  private readonly context: CanvasRenderingContext2D | null

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly serverNow: () => number,
    private readonly mark?: () => string,
    private readonly mostWaiting = MOST_WAITING,
  ) {
    this.context = canvas.getContext('2d', { alpha: false, desynchronized: true })
    if (typeof VideoDecoder === 'undefined') this.figures.fault = 'no_decoder'
  }

  feed(one: VideoPicture): void {
    if (this.figures.fault === 'no_decoder') return
    if (one.epoch !== this.epoch) {
      if (!one.key) return
      this.epoch = one.epoch
      this.configure(one)
    } else if (one.seq > this.seq + 1n) {
      this.figures.lost += Number(one.seq - this.seq - 1n)
    }
    this.seq = one.seq
    if (one.key && (!this.decoder || this.decoder.state === 'closed')) this.configure(one)
    const decoder = this.decoder
    if (!decoder || decoder.state !== 'configured') return
    if (decoder.decodeQueueSize > this.mostWaiting) this.needsKey = true
    if (this.needsKey && !one.key) {
      this.figures.lost += 1
      return
    }
    this.needsKey = false
    const timestamp = Number(one.ptsUs)
    this.arrivals.set(timestamp, Number(one.arrivedUs) / 1000)
    if (this.arrivals.size > MOST_ARRIVALS) this.arrivals.delete(this.arrivals.keys().next().value!)
    try {
      decoder.decode(new EncodedVideoChunk({ type: one.key ? 'key' : 'delta', timestamp, data: one.data }))
    } catch {
      this.broken()
    }
  }

  /** What comes next begins at a key frame. */
  cut(): void {
    this.needsKey = true
    this.epoch = -1
  }

  /** Nothing may be seen any more. */
  blank(): void {
    this.cut()
    this.pending?.close()
    this.pending = undefined
    if (this.decoder && this.decoder.state !== 'closed') this.decoder.close()
    this.context?.clearRect(0, 0, this.canvas.width, this.canvas.height)
    this.figures.painted = 0
  }

  close(): void {
    cancelAnimationFrame(this.request)
    this.pending?.close()
    this.pending = undefined
    if (this.decoder && this.decoder.state !== 'closed') this.decoder.close()
    this.decoder = undefined
  }

  private configure(key: VideoPicture): void {
    if (this.decoder && this.decoder.state !== 'closed') this.decoder.close()
    this.arrivals.clear()
    this.needsKey = true
    const codec = key.format?.codec ?? ''
    Object.assign(this.figures, { codec, width: key.format?.width ?? 0, height: key.format?.height ?? 0, fault: '' })
    const made: VideoDecoder = new VideoDecoder({
      output: (frame) => this.decoded(frame),
      error: () => this.decoder === made && this.broken(),
    })
    this.decoder = made
    try {
      made.configure({ codec, optimizeForLatency: true })
    } catch {
      this.figures.fault = 'codec'
      return
    }
    void VideoDecoder.isConfigSupported({ codec }).then(
      (answer) => this.decoder === made && !answer.supported && (this.figures.fault = 'codec'),
      () => (this.figures.fault = 'codec'),
    )
  }

  private broken(): void {
    this.needsKey = true
    this.figures.errors += 1
    this.figures.lost += 1
    if (this.decoder && this.decoder.state !== 'closed') this.decoder.close()
  }

  private decoded(frame: VideoFrame): void {
    this.pending?.close()
    this.pending = frame
    if (!this.request) this.request = requestAnimationFrame(() => this.paint())
  }

  private paint(): void {
    this.request = 0
    const frame = this.pending
    this.pending = undefined
    if (!frame) return
    if (this.canvas.width !== frame.displayWidth || this.canvas.height !== frame.displayHeight) {
      this.canvas.width = frame.displayWidth
      this.canvas.height = frame.displayHeight
    }
    this.context?.drawImage(frame, 0, 0)
    const mark = this.mark?.()
    if (mark && this.context) burn(this.context, mark)
    const arrived = this.arrivals.get(frame.timestamp)
    frame.close()
    this.figures.painted += 1
    if (arrived === undefined) return
    this.figures.arrivedAt_ms = arrived
    this.figures.latency_ms = Math.max(0, this.serverNow() - arrived) // the page knows the site's clock to some ten milliseconds
  }
}
