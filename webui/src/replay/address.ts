// Where a replay stands, in the page's address: one desk can send another the moment it is talking about.
//
//   #replay=2026-11-24T12:13:05Z,60        moment (UTC), speed
import { ref } from 'vue'
import { RATES, type Rate } from './player'

export interface Moment {
  at_ms: number
  rate: Rate
}

const NAME = 'replay'
export const replayHash = ref(NAME)

export function isReplay(hash: string): boolean {
  return hash === `#${NAME}` || hash.startsWith(`#${NAME}=`)
}

/** The moment of an address; nothing where it names none, or none that could be. */
export function momentOf(hash: string): Moment | undefined {
  const found = /^#replay=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ),(\d+)$/.exec(hash)
  const at_ms = found ? Date.parse(found[1]!) : NaN
  if (!found || !Number.isFinite(at_ms)) return undefined
  return { at_ms, rate: RATES.find((rate) => rate === Number(found[2])) ?? 10 }
}

export function noteMoment(at_ms: number, rate: Rate): void {
  if (Number.isFinite(at_ms)) replayHash.value = `${NAME}=${new Date(at_ms).toISOString().slice(0, 19)}Z,${rate}`
}

export function forgetMoment(): void {
  replayHash.value = NAME
}
