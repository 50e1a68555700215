// Signs what is pressed and sends what the outbox holds, in order, with back-off; wakes at once when the link is back.
import { computed, shallowRef, watch } from 'vue'
import { now_ms, serverNow } from '../state/clock'
import { following } from '../state/acts'
import { actHeaders, loadKey, sign } from '../state/device'
import { KeptTexts } from '../state/kept'
import { countSlot, foreseen, Outbox, outboxSlot, retryAfter_ms, worthRetrying, type Act } from '../state/outbox'
import { session, unsent } from '../state/session'
import { socketOpen, tables } from '../state/world'
import { clockTime } from '../state/format'
import { crewWord } from '../text'
import { newKey, post } from '../wire/http'
import { kindWord, TaskingState, type Tasking } from '../wire/schema'

let outbox: Outbox | undefined
export const acts = shallowRef<readonly Act[]>([])
export const nextTryAt_ms = shallowRef(0) // local clock; 0: not waiting for one
export const waiting = computed(() => acts.value.filter((one) => one.state === 'waiting'))
export const retryIn_s = computed(() => {
  void now_ms.value
  return nextTryAt_ms.value ? Math.max(0, Math.ceil((nextTryAt_ms.value - Date.now()) / 1000)) : 0
})

/** Somebody was quicker: what was to be said is said. */
const KNOWN = new Set(['ALREADY_RECORDED', 'ALREADY_SIGNED'])

let busy = false
let timer: ReturnType<typeof setTimeout> | undefined

function publish(): void {
  acts.value = [...(outbox?.acts ?? [])]
}

export async function openOutbox(): Promise<void> {
  if (!session.value) return
  const { account } = session.value
  await loadKey(account)
  outbox = new Outbox(await KeptTexts.open(outboxSlot(account), countSlot(account)), account)
  publish()
  void pump()
}

/** This page may not send any more: another one of this phone does. */
export function closeOutbox(): void {
  outbox = undefined
  clearTimeout(timer)
}

unsent.list = () => waiting.value.map((one) => `${clockTime(one.pressedAt_ms)} ${one.number} ${crewWord(one.action)}`)

export function clearOutbox(): void {
  outbox?.clear()
  publish()
}

export function discard(key: string): void {
  outbox?.discard(key)
  publish()
  void pump()
}

/** What the crew will see of a tasking: the server's state with what waits on top. */
export function stateAhead(tasking: Tasking): string {
  const ahead = acts.value.filter((one) => one.taskingId === tasking.id && one.state === 'waiting')
  // An act that was taken in but whose record has not come back yet still counts.
  const answered = acts.value.filter((one) => one.taskingId === tasking.id && one.state === 'delivered' && one.version >= tasking.version)
  return foreseen(kindWord(TaskingState, tasking.state), [...answered, ...ahead], (state, action) => following('tasking', state, action))
}

function versionAhead(tasking: Tasking): number {
  const mine = acts.value.filter((one) => one.taskingId === tasking.id && one.state !== 'rejected' && !one.path)
  return mine.reduce((version, one) => Math.max(version, one.version + 1), tasking.version)
}

/** Keep an act. False: the outbox is full. */
export function press(tasking: Tasking, action: string, reason = '', refusal = '', done_ms?: number, more: Record<string, unknown> = {}): boolean {
  return keep(tasking, action, { reason, refusal, more, done_at: done_ms === undefined ? '' : new Date(done_ms).toISOString() }) !== ''
}

/** Keep an act beside the steps: of water, or a signature. Its key, empty: the outbox is full. */
export function pressBeside(tasking: Tasking, action: string, path: string, more: Record<string, unknown>): string {
  return keep(tasking, action, { path, more })
}

/** Take back an act that was never sent. False: it may have been. */
export function withdraw(key: string): boolean {
  const gone = outbox?.withdraw(key) ?? false
  publish()
  return gone
}

function keep(tasking: Tasking, action: string, said: Partial<Act>): string {
  const at = serverNow()
  if (!outbox) return ''
  const key = newKey()
  const kept = outbox.add({
    key,
    taskingId: tasking.id,
    number: tasking.number,
    action,
    fromState: stateAhead(tasking),
    version: versionAhead(tasking),
    reason: '',
    refusal: '',
    done_at: '',
    ...said,
    pressedAt_ms: at,
    seq: outbox.nextSeq(session.value?.device_seq ?? 0),
    at_ms: Date.now(),
    signed: null,
    tries: 0,
    state: 'waiting',
    answeredAt_ms: 0,
    problem: null,
  })
  publish()
  if (kept) void signThen(key)
  return kept ? key : ''
}

async function signThen(key: string): Promise<void> {
  await signed(outbox?.acts.find((one) => one.key === key))
  void pump()
}

/** The act with its signature, made now if it has none. */
async function signed(act: Act | undefined): Promise<Act | undefined> {
  if (!act || act.signed || !outbox) return act
  const text = textOf(act)
  const made = await sign(pathOf(act), text, act.seq, act.at_ms)
  const now = outbox?.acts.find((one) => one.key === act.key)
  if (!made || !now || textOf(now) !== text || now.seq !== act.seq) return now // it was renewed meanwhile
  outbox?.signed(act.key, made)
  return { ...now, signed: made }
}

function pathOf(act: Act): string {
  return `/api/v1/taskings/${encodeURIComponent(act.taskingId)}/${act.path ?? act.action}`
}

export function retryNow(): void {
  clearTimeout(timer)
  nextTryAt_ms.value = 0
  void pump()
}

/** The body, the same text each time: its digest is signed. */
function textOf(act: Act): string {
  const body: Record<string, unknown> = act.path ? { ...act.more } : { ...act.more, version: act.version }
  if (act.done_at) body['done_at'] = act.done_at
  if (act.reason) body['reason'] = act.reason
  if (act.refusal) body['refusal'] = act.refusal
  return JSON.stringify(body)
}

async function pump(): Promise<void> {
  if (busy || !outbox || !session.value) return
  busy = true
  nextTryAt_ms.value = 0
  try {
    for (let act = outbox.next(); act; act = outbox.next()) {
      if (!(await send(outbox, act))) break
    }
  } finally {
    busy = false
  }
}

/** True: go on with the next. */
async function send(box: Outbox, next: Act): Promise<boolean> {
  const act = (await signed(next)) ?? next
  box.tried(act.key)
  const path = pathOf(act).slice('/api/v1/'.length)
  const answer = await post(path, textOf(act), act.key, actHeaders(act.signed ?? undefined, act.seq, act.at_ms))
  if (box !== outbox) return false
  if (answer.ok || KNOWN.has(answer.problem.code)) {
    box.delivered(act.key, serverNow())
    publish()
    return true
  }
  const { problem } = answer
  if (problem.code === 'UNAUTHENTICATED' || problem.code === 'DEVICE_REVOKED') return false
  if (problem.code === 'OUT_OF_ORDER') {
    box.recount(act.key, box.nextSeq(act.seq))
    return true
  }
  if (worthRetrying(problem.code) || problem.code === 'IDLE_LOCKED' || problem.code === 'PASSWORD_CHANGE_REQUIRED') {
    publish()
    wait(act.tries + 1)
    return false
  }
  const present = tables.taskings.get(act.taskingId)
  const still = present && kindWord(TaskingState, present.state) === act.fromState
  if (problem.code === 'CHANGED' && !act.path && still && problem.version !== undefined && problem.version !== act.version) {
    box.renew(act.key, newKey(), problem.version)
    publish()
    return true
  }
  box.rejected(act.key, problem, serverNow())
  publish()
  return true
}

function wait(tries: number): void {
  const pause = retryAfter_ms(tries)
  nextTryAt_ms.value = Date.now() + pause
  clearTimeout(timer)
  timer = setTimeout(() => void pump(), pause)
}

watch(socketOpen, (open) => open && retryNow())
addEventListener('online', retryNow)
