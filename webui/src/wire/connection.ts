// The one WebSocket of this page. Sends Hello and Subscribe, hands over what comes, reconnects, resumes.
//
//   -> Hello(token, resume_after, epoch)   <- Welcome, Alerts(whole), Records
//   -> Subscribe(viewport)                 <- Tracks(whole), then Records, Alerts, Tracks, Status
//   -> Ping                                <- Pong
//
// A number that jumps outside (after, through] is a gap: everything is asked for again, and the page says so.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  ClientMessageSchema,
  ServerMessageSchema,
  type Alerts,
  type ClientMessage,
  type Failure,
  type PlannerRuns,
  type Records,
  type RoomGesture,
  type RoomGestures,
  type Status,
  type Tracks,
  type Viewport,
  type Welcome,
} from './schema'
import { ResumePoint } from './resume'

export interface Listener {
  welcome(message: Welcome): void
  records(message: Records): void
  tracks(message: Tracks): void
  alerts(message: Alerts): void
  plannerRuns(message: PlannerRuns): void
  roomGestures(message: RoomGestures): void
  status(message: Status): void
  echo(sent_ms: number, server_ms: number): void
  failure(message: Failure): void
  /** The socket opened or closed; `retryAt_ms` (local clock) is when the next attempt is due. */
  link(open: boolean, retryAt_ms: number): void
  heard(): void
  resync(): void
}

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 8_000
const PING_EVERY_MS = 5_000
const SILENT_CLOSE_MS = 12_000 // the server says Status each second; a socket this silent is dead

export class Connection {
  private socket: WebSocket | undefined
  private resume = new ResumePoint()
  private retry_ms = FIRST_RETRY_MS
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private pingTimer: ReturnType<typeof setInterval>
  private heardAt_ms = 0
  private viewport: Viewport | undefined
  private wantsTracks = false
  private stopped = false
  private welcomed = false // Subscribe before Welcome would be out of turn

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly listener: Listener,
    known?: { after: bigint; epoch: string },
  ) {
    if (known) Object.assign(this.resume, known)
    this.pingTimer = setInterval(() => this.keepAlive(), PING_EVERY_MS)
    this.open()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.retryTimer)
    clearInterval(this.pingTimer)
    this.socket?.close(1000)
  }

  /** Try at once instead of waiting for the back-off. */
  retryNow(): void {
    if (this.socket || this.stopped) return
    clearTimeout(this.retryTimer)
    this.open()
  }

  subscribe(viewport: Viewport | undefined, tracks: boolean): void {
    this.viewport = viewport
    this.wantsTracks = tracks
    this.sendSubscribe()
  }

  /** Not before Welcome: then it would be out of turn. */
  gesture(value: RoomGesture): void {
    if (this.welcomed) this.send({ case: 'roomGesture', value })
  }

  private send(body: ClientMessage['body']): void {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(toBinary(ClientMessageSchema, create(ClientMessageSchema, { body })))
    }
  }

  private sendSubscribe(): void {
    if (!this.welcomed) return
    const body = { viewport: this.viewport, tracks: this.wantsTracks, $typeName: 'ganying.v1.Subscribe' as const }
    this.resume.expectWholeTracks()
    this.send({ case: 'subscribe', value: body })
  }

  private open(): void {
    const socket = new WebSocket(this.url, 'ganying.v1')
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    this.welcomed = false
    this.heardAt_ms = Date.now()
    socket.onopen = () => {
      this.listener.link(true, 0)
      const { after, epoch } = this.resume
      this.send({
        case: 'hello',
        value: { $typeName: 'ganying.v1.Hello', token: this.token, resumeAfter: after, epoch },
      })
    }
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => {
      if (this.socket === socket) this.receive(new Uint8Array(event.data))
    }
    socket.onclose = () => {
      if (this.socket === socket) this.closed()
    }
  }

  private closed(): void {
    this.socket = undefined
    if (this.stopped) return
    const wait = this.retry_ms * (0.75 + Math.random() / 2) // desks must not all return in the same instant
    this.retry_ms = Math.min(LAST_RETRY_MS, this.retry_ms * 2)
    this.listener.link(false, Date.now() + wait)
    this.retryTimer = setTimeout(() => this.open(), wait)
  }

  private keepAlive(): void {
    if (!this.socket) return
    if (Date.now() - this.heardAt_ms > SILENT_CLOSE_MS) {
      const dead = this.socket
      this.closed()
      dead.close()
      return
    }
    this.send({ case: 'ping', value: { $typeName: 'ganying.v1.Ping', atUs: BigInt(Math.round(Date.now() * 1000)) } })
  }

  private receive(bytes: Uint8Array): void {
    this.heardAt_ms = Date.now()
    this.listener.heard()
    const { body } = fromBinary(ServerMessageSchema, bytes)
    switch (body.case) {
      case 'welcome':
        this.retry_ms = FIRST_RETRY_MS
        this.resume.welcome(body.value.epoch)
        this.listener.welcome(body.value)
        this.welcomed = true
        this.sendSubscribe()
        break
      case 'records':
        this.takeRecords(body.value)
        break
      case 'tracks':
        this.takeTracks(body.value)
        break
      case 'alerts':
        this.listener.alerts(body.value)
        break
      case 'plannerRuns':
        this.listener.plannerRuns(body.value)
        break
      case 'roomGestures':
        this.listener.roomGestures(body.value)
        break
      case 'status':
        this.listener.status(body.value)
        break
      case 'pong':
        this.listener.echo(Number(body.value.atUs) / 1000, Number(body.value.serverAtUs) / 1000)
        break
      case 'failure':
        this.listener.failure(body.value)
        break
    }
  }

  private takeRecords(message: Records): void {
    const verdict = this.resume.records(message)
    if (verdict === 'take') this.listener.records(message)
    if (verdict === 'gap') this.resync()
  }

  private takeTracks(message: Tracks): void {
    const verdict = this.resume.tracks(message)
    if (verdict === 'take') this.listener.tracks(message)
    if (verdict === 'gap') {
      this.listener.resync()
      this.sendSubscribe()
    }
  }

  private resync(): void {
    this.resume.forget()
    this.listener.resync()
    const old = this.socket
    this.socket = undefined
    old?.close(1000)
    this.open()
  }
}
