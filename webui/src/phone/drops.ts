// Drops of this phone: what the server has of the present flight, with what waits here on top; each counted once.
import { reactive } from 'vue'
import type { Act } from '../state/outbox'
import { flightOf, loadsOf } from '../state/water'
import { t } from '../text'
import { ms, type Tasking, type WaterLoad } from '../wire/schema'
import { acts, pressBeside, withdraw } from './sending'

export const PAUSE_MS = 3_000 // a second tap within it is the same drop
const UNDO_MS = 20_000

interface Last {
  key: string
  at_ms: number // this phone's own clock
}
/** The last press of each tasking: it outlives the screen, which another aircraft's may replace in between. */
const pressed = reactive(new Map<string, Last>())
/** Ticks by itself when a pause or the time to take back is over. */
const tick = reactive({ n: 0 })

export interface Dropped {
  told: WaterLoad[]
  ahead: Act[]
  count: number
  litres: number
  last_ms: number
  first_ms: number
}

export function dropped(tasking: Tasking): Dropped {
  const own = acts.value.filter((one) => one.taskingId === tasking.id && one.state !== 'rejected')
  const undone = new Set(own.filter((one) => one.action === 'undo_drop').map((one) => one.path?.slice('drops/'.length)))
  const known = new Set(tasking.water.map((one) => one.key))
  const flight = flightOf(tasking) + own.filter((one) => one.state === 'waiting' && (one.action === 'take_off' || one.action === 'resume')).length
  const told = loadsOf(tasking).filter((one) => one.sortie === flight && !undone.has(one.key))
  const ahead = own.filter((one) => one.action === 'drop' && !known.has(one.key) && !undone.has(one.key))
  const unsent = ahead.reduce((sum, one) => sum + eventsOf(one), 0)
  const times = [...told.map((one) => ms(one.atUs)), ...ahead.map((one) => one.pressedAt_ms)].sort((a, b) => a - b)
  const litres = told.reduce((sum, one) => sum + one.litres, 0) + unsent * tasking.litresPerDrop
  return { told, ahead, count: told.length + unsent, litres, last_ms: times.at(-1) ?? NaN, first_ms: times[0] ?? NaN }
}

function eventsOf(act: Act): number {
  const events = act.more?.['events']
  return Array.isArray(events) ? events.length : 1
}

export function asleep(tasking: Tasking): boolean {
  void tick.n
  const last = pressed.get(tasking.id)
  return !!last && Date.now() - last.at_ms < PAUSE_MS
}

export function canUndo(tasking: Tasking): boolean {
  void tick.n
  const last = pressed.get(tasking.id)
  return !!last?.key && Date.now() - last.at_ms < UNDO_MS
}

export function pressDrop(tasking: Tasking): void {
  if (asleep(tasking)) return
  const key = pressBeside(tasking, 'drop', 'drops', { kind: 'drop' })
  if (!key) return
  pressed.set(tasking.id, { key, at_ms: Date.now() })
  for (const wait_ms of [PAUSE_MS, UNDO_MS]) setTimeout(() => (tick.n += 1), wait_ms + 20)
}

/** The last drop was none: taken out if it never left this phone, else struck out. */
export function undoDrop(tasking: Tasking): void {
  const last = pressed.get(tasking.id)
  if (!last?.key) return
  pressed.set(tasking.id, { key: '', at_ms: 0 })
  if (withdraw(last.key)) return
  pressBeside(tasking, 'undo_drop', `drops/${last.key}`, { version: 1, reason: t.drops.undoReason, strike: true })
}
