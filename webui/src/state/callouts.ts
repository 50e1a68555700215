// Texts and calls to phones as this page knows them: of one tasking, all of them, and what an open phone page has shown.
import { computed, watch } from 'vue'
import { t, word } from '../text'
import { CalloutCause, CalloutState, kindWord, ms, ReplyResult, TaskingState, type Callout, type Tasking } from '../wire/schema'
import { post, request, type Answer } from '../wire/http'
import { mayUse } from './acts'
import { session } from './session'
import { tables } from './world'

export const newestFirst = computed(() => [...tables.callouts.values()].sort((a, b) => Number(b.queuedAtUs - a.queuedAtUs) || a.id.localeCompare(b.id)))

/** Of one tasking, without our own answers to replies: those stand in the list page. */
export function calloutsOf(taskingId: string): Callout[] {
  return newestFirst.value.filter((one) => one.taskingId === taskingId && one.cause !== CalloutCause.REPLY)
}

export const maySee = (): boolean => mayUse('callouts', session.value?.role ?? '')
export const mayPhone = (): boolean => mayUse('phone_instead', session.value?.role ?? '')

export function stateWord(one: Callout): string {
  return word(t.callout.state, kindWord(CalloutState, one.state))
}
export function replyWord(one: Callout): string {
  return one.reply === undefined ? '' : word(t.callout.result, kindWord(ReplyResult, one.reply))
}
export function whyWord(code: string): string {
  return code.startsWith('HTTP_') && !(code in t.callout.why) ? t.callout.refusedBy(code.slice(5)) : word(t.callout.why, code)
}

const COUNTED = new Set([ReplyResult.ACCEPTED, ReplyResult.REFUSED, ReplyResult.ACKNOWLEDGED])

/** Somebody has to telephone: what was sent did not arrive, nobody has answered or phoned, and nothing newer arrived. */
export function needsCall(tasking: Tasking): boolean {
  if (tasking.shownVersion >= tasking.version) return false
  const present = calloutsOf(tasking.id).filter((one) => one.taskingVersion === tasking.version)
  const reached = present.some((one) => one.state === CalloutState.DELIVERED || one.phonedAtUs !== undefined || (one.reply !== undefined && COUNTED.has(one.reply)))
  return !reached && present.some((one) => one.state === CalloutState.FAILED)
}

export function fetchNumber(id: string): Promise<Answer<{ name: string; number: string }>> {
  return request('GET', `callouts/${encodeURIComponent(id)}/number`)
}

export interface ReplyLine {
  at: string
  number_masked: string
  callout_id: string
  result: string
  text: string
}
export function fetchReplies(): Promise<Answer<{ items: ReplyLine[] }>> {
  return request('GET', 'callout-replies?limit=100')
}

export const sentAt = (one: Callout): number => ms(one.handedAtUs ?? one.queuedAtUs)

/** An operator's open page: tell the server of each version that is in sight, so that no text goes out for it. */
export function watchShown(): () => void {
  const told = new Map<string, number>()
  function tell(): void {
    if (document.visibilityState !== 'visible' || session.value?.role !== 'operator') return
    for (const one of tables.taskings.values()) {
      const news = one.shownVersion < one.version && told.get(one.id) !== one.version
      if (!news || one.state === TaskingState.SETTLED || one.state === TaskingState.ARCHIVED) continue
      told.set(one.id, one.version)
      void post(`taskings/${encodeURIComponent(one.id)}/shown`, { version: one.version }).then((answer) => {
        if (!answer.ok && answer.problem.code === 'UNREACHABLE') told.delete(one.id) // the next change, or coming back, says it again
      })
    }
  }
  const stop = watch(() => [...tables.taskings.values()].map((one) => `${one.id}${one.version}`).join(), tell, { immediate: true })
  document.addEventListener('visibilitychange', tell)
  return () => {
    stop()
    document.removeEventListener('visibilitychange', tell)
  }
}
