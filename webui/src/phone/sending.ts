// Sends what the outbox holds, in order, with back-off; wakes at once when the link or the network is back.
import { computed, shallowRef, watch } from 'vue'
import { now_ms, serverNow } from '../state/clock'
import { following } from '../state/acts'
import { foreseen, Outbox, retryAfter_ms, worthRetrying, type Act } from '../state/outbox'
import { session } from '../state/session'
import { socketOpen, tables } from '../state/world'
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

let busy = false
let timer: ReturnType<typeof setTimeout> | undefined

function publish(): void {
  acts.value = [...(outbox?.acts ?? [])]
}

export function openOutbox(): void {
  if (!session.value) return
  outbox = new Outbox(localStorage, session.value.account)
  publish()
  void pump()
}

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
  const mine = acts.value.filter((one) => one.taskingId === tasking.id && one.state !== 'rejected')
  return mine.reduce((version, one) => Math.max(version, one.version + 1), tasking.version)
}

/** Keep an act. False: the outbox is full. */
export function press(tasking: Tasking, action: string, reason = '', refusal = ''): boolean {
  const at = serverNow()
  const kept = outbox?.add({
    key: newKey(),
    taskingId: tasking.id,
    number: tasking.number,
    action,
    fromState: stateAhead(tasking),
    version: versionAhead(tasking),
    reason,
    refusal,
    done_at: new Date(at).toISOString(),
    pressedAt_ms: at,
    tries: 0,
    state: 'waiting',
    answeredAt_ms: 0,
    problem: null,
  })
  publish()
  void pump()
  return kept ?? false
}

export function retryNow(): void {
  clearTimeout(timer)
  nextTryAt_ms.value = 0
  void pump()
}

function bodyOf(act: Act): Record<string, unknown> {
  const body: Record<string, unknown> = { version: act.version, done_at: act.done_at }
  if (act.reason) body['reason'] = act.reason
  if (act.refusal) body['refusal'] = act.refusal
  return body
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
async function send(box: Outbox, act: Act): Promise<boolean> {
  box.tried(act.key)
  const answer = await post(`taskings/${encodeURIComponent(act.taskingId)}/${act.action}`, bodyOf(act), act.key)
  if (answer.ok) {
    box.delivered(act.key, serverNow())
    publish()
    return true
  }
  const { problem } = answer
  if (problem.code === 'UNAUTHENTICATED') return false
  if (worthRetrying(problem.code)) {
    publish()
    wait(act.tries + 1)
    return false
  }
  const present = tables.taskings.get(act.taskingId)
  const still = present && kindWord(TaskingState, present.state) === act.fromState
  if (problem.code === 'CHANGED' && still && problem.version !== undefined && problem.version !== act.version) {
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
