// Acts of a crew, kept on the phone until the server has answered each: 待发送 -> 已送达 -> 已确认.
//
// One at a time and in order. An act keeps its key and body for every retry, so however often it is sent it is done
// once. Silence keeps it waiting; a refusal is shown and stops the acts on the same tasking behind it. Kept under the
// account's name: a reload, a crash or a closed browser loses nothing. Each carries this phone's own count and is signed.
import type { Problem } from '../wire/http'
import type { Signed } from './device'

export type ActState = 'waiting' | 'delivered' | 'rejected'

export interface Act {
  key: string
  taskingId: string
  number: string
  action: string
  /** Of an act beside the steps (water, a signature): its door below the tasking. It neither builds on steps nor is built on. */
  path?: string
  fromState: string
  version: number
  reason: string
  refusal: string
  /** What else its body says: an amendment's number, a place, persons. */
  more?: Record<string, unknown>
  done_at: string // empty: when it was pressed
  pressedAt_ms: number // server time, as far as it was known
  seq: number // this phone's count of its acts
  at_ms: number // this phone's own clock at the press
  signed: Signed | null
  tries: number
  state: ActState
  answeredAt_ms: number
  problem: Problem | null
}

export interface Store {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

// A crew makes some ten acts in a sortie. Full: the next press is refused and says so; nothing waiting is dropped.
export const MOST_WAITING = 100
const KEEP_ANSWERED = 12

export const outboxSlot = (account: string): string => `ganying.outbox.${account}`
export const countSlot = (account: string): string => `ganying.count.${account}`

export class Outbox {
  acts: Act[]

  constructor(
    private readonly store: Store,
    private readonly account: string,
  ) {
    this.acts = read(store.getItem(this.slot))
  }

  private get slot(): string {
    return outboxSlot(this.account)
  }

  private get countSlot(): string {
    return countSlot(this.account)
  }

  private save(): void {
    if (this.acts.length) this.store.setItem(this.slot, JSON.stringify(this.acts))
    else this.store.removeItem(this.slot)
  }

  /** The next count: above all that this phone and the server know of. */
  nextSeq(known: number): number {
    const next = Math.max(known, Number(this.store.getItem(this.countSlot) ?? 0)) + 1
    this.store.setItem(this.countSlot, String(next))
    return next
  }

  signed(key: string, signed: Signed | null): void {
    this.change(key, (one) => ({ ...one, signed }))
  }

  /** The server has a later count: the same act under a new one. */
  recount(key: string, seq: number): void {
    this.change(key, (one) => ({ ...one, seq, signed: null }))
  }

  get waiting(): Act[] {
    return this.acts.filter((one) => one.state === 'waiting')
  }

  /** Waiting acts on one tasking: the next one builds on them. */
  ahead(taskingId: string): Act[] {
    return this.acts.filter((one) => one.taskingId === taskingId && one.state === 'waiting')
  }

  add(act: Act): boolean {
    if (this.waiting.length >= MOST_WAITING) return false
    this.acts.push(act)
    this.save()
    return true
  }

  /** The first act whose turn it is: nothing refused stands before it on the same tasking. */
  next(): Act | undefined {
    const stopped = new Set<string>()
    for (const one of this.acts) {
      if (one.state === 'rejected' && !one.path) stopped.add(one.taskingId)
      // an emergency waits for nobody to look at what was refused before it
      if (one.state === 'waiting' && (!stopped.has(one.taskingId) || one.action === 'emergency_land')) return one
    }
    return undefined
  }

  tried(key: string): void {
    this.change(key, (one) => ({ ...one, tries: one.tries + 1 }))
  }

  delivered(key: string, at_ms: number): void {
    this.change(key, (one) => ({ ...one, state: 'delivered', answeredAt_ms: at_ms, problem: null }))
    const answered = this.acts.filter((one) => one.state === 'delivered')
    const old = new Set(answered.slice(0, Math.max(0, answered.length - KEEP_ANSWERED)).map((one) => one.key))
    this.acts = this.acts.filter((one) => !old.has(one.key))
    this.save()
  }

  rejected(key: string, problem: Problem, at_ms: number): void {
    this.change(key, (one) => ({ ...one, state: 'rejected', answeredAt_ms: at_ms, problem }))
  }

  /** The server refused an outdated version, so nothing was done: the same act again under a new key and version. */
  renew(key: string, newKey: string, version: number): void {
    const shift = version - (this.acts.find((one) => one.key === key)?.version ?? version)
    const from = this.acts.findIndex((one) => one.key === key)
    const tasking = this.acts[from]?.taskingId
    this.acts = this.acts.map((one, i) =>
      i < from || one.taskingId !== tasking || one.state !== 'waiting' || one.path
        ? one
        : { ...one, key: one.key === key ? newKey : one.key, version: one.version + shift, signed: null },
    )
    this.save()
  }

  /** A refused act is put away by hand, and with it what was built on it. */
  discard(key: string): void {
    const from = this.acts.findIndex((one) => one.key === key)
    const put = this.acts[from]
    this.acts = put?.path
      ? this.acts.filter((one) => one !== put)
      : this.acts.filter((one, i) => i < from || one.taskingId !== put?.taskingId || one.state === 'delivered')
    this.save()
  }

  /** Take back an act that was never sent. False: it may have been. */
  withdraw(key: string): boolean {
    const one = this.acts.find((act) => act.key === key)
    if (!one || one.state !== 'waiting' || one.tries > 0) return false
    this.acts = this.acts.filter((act) => act !== one)
    this.save()
    return true
  }

  clear(): void {
    this.acts = []
    this.save()
  }

  private change(key: string, how: (one: Act) => Act): void {
    this.acts = this.acts.map((one) => (one.key === key ? how(one) : one))
    this.save()
  }
}

function read(text: string | null): Act[] {
  if (!text) return []
  try {
    const found: unknown = JSON.parse(text)
    return Array.isArray(found) ? (found as Act[]) : []
  } catch {
    return [] // somebody edited the storage: nothing of it can be trusted to be an act
  }
}

/** The state a tasking is in once what waits has been taken in. */
export function foreseen(state: string, ahead: readonly Act[], table: (state: string, action: string) => string | undefined): string {
  return ahead.filter((act) => !act.path).reduce((now, act) => table(now, act.action) ?? now, state)
}

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 15_000

export function retryAfter_ms(tries: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, tries - 1))
}

/** Nothing was recorded, or nobody knows: the same key goes out again. */
export function worthRetrying(code: string): boolean {
  return code === 'UNREACHABLE' || code === 'BUSY' || code === 'NOT_STORED'
}
