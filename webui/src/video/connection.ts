// The video socket of this page, apart from the desk's: pictures never delay records. Opened while somebody watches.
//
//   -> VideoHello(token)            <- VideoWelcome, VideoStandings
//   -> VideoWatch, VideoUnwatch     <- VideoPicture from the last key frame on, VideoLook
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { VideoAskSchema, VideoToldSchema, type VideoAsk, type VideoLook, type VideoPicture, type VideoRefused, type VideoStanding } from '../wire/schema'

export interface VideoListener {
  link(open: boolean): void
  standings(all: VideoStanding[]): void
  picture(one: VideoPicture): void
  look(one: VideoLook): void
  refused(one: VideoRefused): void
}

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 8_000
const SILENT_CLOSE_MS = 6_000 // standings come each second

export class VideoConnection {
  private socket: WebSocket | undefined
  private welcomed = false
  private retry_ms = FIRST_RETRY_MS
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private heardAt_ms = 0
  private stopped = false
  private readonly wanted = new Set<string>()
  private readonly looking: ReturnType<typeof setInterval>

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly listener: VideoListener,
  ) {
    this.looking = setInterval(() => this.look(), 1_000)
    this.open()
  }

  watch(streamId: string): void {
    this.wanted.add(streamId)
    if (this.welcomed) this.send({ case: 'watch', value: { $typeName: 'ganying.v1.VideoWatch', streamId, purpose: '' } })
  }

  unwatch(streamId: string): void {
    this.wanted.delete(streamId)
    if (this.welcomed) this.send({ case: 'unwatch', value: { $typeName: 'ganying.v1.VideoUnwatch', streamId } })
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.retryTimer)
    clearInterval(this.looking)
    this.socket?.close(1000)
  }

  private send(body: VideoAsk['body']): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(toBinary(VideoAskSchema, create(VideoAskSchema, { body })))
  }

  private open(): void {
    const socket = new WebSocket(this.url, 'ganying-video.v1')
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    this.welcomed = false
    this.heardAt_ms = Date.now()
    socket.onopen = () => this.send({ case: 'hello', value: { $typeName: 'ganying.v1.VideoHello', token: this.token } })
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => {
      if (this.socket === socket) this.receive(new Uint8Array(event.data))
    }
    socket.onclose = () => {
      if (this.socket === socket) this.closed()
    }
  }

  private closed(): void {
    this.socket = undefined
    this.welcomed = false
    if (this.stopped) return
    this.listener.link(false)
    const wait = this.retry_ms * (0.75 + Math.random() / 2)
    this.retry_ms = Math.min(LAST_RETRY_MS, this.retry_ms * 2)
    this.retryTimer = setTimeout(() => this.open(), wait)
  }

  private look(): void {
    if (!this.socket || Date.now() - this.heardAt_ms < SILENT_CLOSE_MS) return
    const dead = this.socket
    this.closed()
    dead.close()
  }

  private receive(bytes: Uint8Array): void {
    this.heardAt_ms = Date.now()
    const { body } = fromBinary(VideoToldSchema, bytes)
    switch (body.case) {
      case 'welcome':
        this.retry_ms = FIRST_RETRY_MS
        this.welcomed = true
        this.listener.link(true)
        for (const one of this.wanted) this.watch(one)
        break
      case 'standings':
        this.listener.standings(body.value.streams)
        break
      case 'picture':
        this.listener.picture(body.value)
        break
      case 'look':
        this.listener.look(body.value)
        break
      case 'refused':
        this.listener.refused(body.value)
        break
    }
  }
}
