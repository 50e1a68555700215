// What people have done about an alarm, the same at every console of the desk: read off the site's records and the
// clock (dispatch/alert_states.py says the same there), never kept in this page. ATC has a list of its own.
import { computed, shallowReactive } from 'vue'
import { ms, type AlertHandling, type NetInhibition } from '../wire/schema'
import { newKey, post, type Problem } from '../wire/http'
import { ALERT_LIMITS, mayUse } from './acts'
import { now_ms } from './clock'
import { session } from './session'
import { canCommand, tables } from './world'

export type AlarmState = 'unacknowledged' | 'acknowledged' | 'returned' | 'shelved' | 'suppressed'

/** What handling needs to know of an alarm. */
export interface Handled {
  id: string
  level: 1 | 2 | 3
  code: string
  title: string
  since_ms: number
  returned_ms: number
  inhibitedBy: string
}

const desk = computed(() => (session.value?.role === 'atc' ? 'atc' : 'dispatch'))
export const mayHandle = computed(() => mayUse('handle_alert', session.value?.role ?? ''))
export const mayInhibit = computed(() => mayUse('inhibit_net', session.value?.role ?? ''))

/** Holds only for what was seen, or milder. */
export function handlingOf(one: Handled): AlertHandling | undefined {
  const found = tables.alertHandlings.get(`${desk.value}/${one.id}`)
  const graver = !found?.seen || one.level < found.seen.severity || one.code !== found.seen.code
  return graver || found.endedAtUs !== undefined ? undefined : found
}

export function stateOf(one: Handled): AlarmState {
  if (one.inhibitedBy) return 'suppressed'
  const handling = handlingOf(one)
  if (handling && ms(handling.shelvedUntilUs) > now_ms.value) return 'shelved'
  if (handling?.acknowledgedAtUs !== undefined) return 'acknowledged'
  return Number.isFinite(one.returned_ms) ? 'returned' : 'unacknowledged'
}

/** Those that keep still now, the one that ends first first. */
export const inhibitions = computed(() =>
  [...tables.netInhibitions.values()].filter((one) => one.liftedAtUs === undefined && ms(one.untilUs) > now_ms.value).sort((a, b) => Number(a.untilUs - b.untilUs)),
)

/** Minutes offered for putting an alarm away; the last is the most there is for its priority. */
const STEPS = [1, 3, 10, 30, 60, 240, 480]
export function shelveMinutes(level: number): number[] {
  const most = ALERT_LIMITS.shelve_minutes[String(level)] ?? 0
  return STEPS.filter((one) => one <= most).slice(-3)
}
export const INHIBIT_MINUTES = [10, 30, 60].filter((one) => one <= ALERT_LIMITS.inhibit_minutes)

/** Acts under way and what was refused, by alarm or inhibition. */
export const acts = shallowReactive(new Map<string, 'sending' | Problem>())
export const problemOfAct = (id: string): Problem | undefined => {
  const found = acts.get(id)
  return typeof found === 'object' ? found : undefined
}

const keys = new Map<string, string>() // of acts that were not answered: sent again they are the same act

async function act(id: string, path: string, body: unknown): Promise<boolean> {
  if (acts.get(id) === 'sending') return false
  acts.set(id, 'sending')
  const what = path + JSON.stringify(body)
  const key = keys.get(what) ?? newKey()
  const answer = await post(path, body, key)
  if (!answer.ok && answer.problem.code === 'UNREACHABLE') keys.set(what, key)
  else keys.delete(what)
  // somebody else was quicker: the records say so at this very moment
  if (answer.ok || answer.problem.code === 'NOT_NOW') acts.delete(id)
  else acts.set(id, answer.problem)
  return answer.ok
}

const seen = (one: Handled) => ({ severity: one.level, code: one.code, said: one.title.slice(0, 300) })
const path = (one: Handled, what: string): string => `alerts/${encodeURIComponent(one.id)}/${what}`

export function acknowledge(one: Handled): Promise<boolean> {
  if (!mayHandle.value || !canCommand.value) return Promise.resolve(false)
  return act(one.id, path(one, 'acknowledge'), seen(one))
}

export async function shelve(one: Handled, minutes: number, reason: string): Promise<boolean> {
  // a red one is acknowledged before it is put away, and whoever puts it away has seen it
  if (one.level === 1 && stateOf(one) !== 'acknowledged' && !(await acknowledge(one))) return false
  return act(one.id, path(one, 'shelve'), { ...seen(one), minutes, reason })
}

export function unshelve(one: Handled): Promise<boolean> {
  return act(one.id, path(one, 'unshelve'), {})
}

export type Scope = { scope: 'pair' | 'aircraft'; track_ids: string[]; names: string[] } | { scope: 'volume'; volume_id: string } | { scope: 'circle'; centre: { lon_deg: number; lat_deg: number }; radius_m: number }

export function inhibit(one: Handled, kind: string, scope: Scope, minutes: number, reason: string): Promise<boolean> {
  return act(one.id, 'inhibitions', { kind, ...scope, minutes, reason, alert_id: one.id, ...seen(one) })
}

export function lift(one: NetInhibition, reason: string): Promise<boolean> {
  return act(one.id, `inhibitions/${encodeURIComponent(one.id)}/lift`, { version: one.version, reason })
}
