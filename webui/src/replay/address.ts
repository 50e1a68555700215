// Where a replay stands, in the page's address: one desk can send another the moment it is talking about.
//
//   #replay=2026-11-24T12:13:05Z,60                    moment (UTC), speed
//   #replay=2026-11-24T12:13:05Z,1,36-VID-7K3F         and the stream whose recording plays
import { ref, shallowRef } from 'vue'
import { RATES, type Rate } from './player'

export interface Moment {
  at_ms: number
  rate: Rate
  video: string
}

const NAME = 'replay'
export const replayHash = ref(NAME)
/** Where another page wants the replay to open; it is taken once. */
export const wanted = shallowRef<Moment | null>(null)

export function hashOf(one: Moment): string {
  const video = one.video ? `,${one.video}` : ''
  return `${NAME}=${new Date(one.at_ms).toISOString().slice(0, 19)}Z,${one.rate}${video}`
}

export function isReplay(hash: string): boolean {
  return hash === `#${NAME}` || hash.startsWith(`#${NAME}=`)
}

/** The moment of an address; nothing where it names none, or none that could be. */
export function momentOf(hash: string): Moment | undefined {
  const found = /^#replay=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ),(\d+)(?:,([A-Za-z0-9][A-Za-z0-9._:-]{0,63}))?$/.exec(hash)
  const at_ms = found ? Date.parse(found[1]!) : NaN
  if (!found || !Number.isFinite(at_ms)) return undefined
  return { at_ms, rate: RATES.find((rate) => rate === Number(found[2])) ?? 10, video: found[3] ?? '' }
}

export function noteMoment(at_ms: number, rate: Rate, video = ''): void {
  if (Number.isFinite(at_ms)) replayHash.value = hashOf({ at_ms, rate, video })
}

export function forgetMoment(): void {
  replayHash.value = NAME
}
