// Water of a tasking: the loads that count, and what a person may tell of them.
import { WaterAct, type Tasking, type WaterLoad } from '../wire/schema'

/** What was read off a track; adapters/web/doors_drops.py. */
export interface Finding {
  id: string
  sortie: number
  kind: string
  at: string
  confidence: number
  why: Record<string, number>
  answer: string
}

/** One act of water: its word, its door below the tasking, its body. */
export interface WaterTold {
  action: string
  path: string
  body: Record<string, unknown>
}

/** States in which water may be told of; drops.FLOWN_IN. */
export const FLOWN_IN = new Set(['airborne', 'working', 'returning', 'stopped', 'landed', 'down'])

export function loadsOf(tasking: Tasking, act = WaterAct.DROP): WaterLoad[] {
  return tasking.water.filter((one) => one.act === act && !one.struck)
}

/** Which flight of its tasking is the present or last one. */
export function flightOf(tasking: Tasking): number {
  return tasking.history.filter((one) => one.action === 'take_off' || one.action === 'resume').length
}

export const litresOf = (loads: readonly WaterLoad[]): number => loads.reduce((sum, one) => sum + one.litres, 0)

/** HH:MM:SS of this screen's clock on the day that makes it nearest to another moment: a flight may pass midnight. */
export function nearest_ms(time: string, at_ms: number): number {
  const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number)
  const same = new Date(at_ms)
  same.setHours(hour, minute, second, 0)
  const DAY_MS = 86_400_000
  const near = [same.getTime() - DAY_MS, same.getTime(), same.getTime() + DAY_MS]
  return near.reduce((best, one) => (Math.abs(one - at_ms) < Math.abs(best - at_ms) ? one : best))
}

export function timeText(at_ms: number): string {
  const local = new Date(at_ms)
  return [local.getHours(), local.getMinutes(), local.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
