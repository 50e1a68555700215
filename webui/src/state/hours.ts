// Hours and drops that are signed: what the server shows to be signed, and whose signature holds.
import { shallowRef, watch, type Ref } from 'vue'
import { request } from '../wire/http'
import { Role, type HoursSignature, type Tasking } from '../wire/schema'

/** adapters/web/doors_drops.py */
export interface Hours {
  digest: string
  sorties: { number: number; take_off_at: string; landed_at: string | null; air_s: number | null; drops: number | null; litres: number | null }[]
  air_s: number
  drops: number
  litres: number
}

export const PARTIES = [
  { role: Role.BASE, name: 'base' },
  { role: Role.OPERATOR, name: 'operator' },
] as const
/** hours.decide_sign */
export const SIGNED_IN = new Set(['landed', 'down'])

export function holds(tasking: Tasking, role: Role): HoursSignature | undefined {
  return [...tasking.signatures].reverse().find((one) => one.role === role && one.voidedAtUs === undefined)
}
export function voidOf(tasking: Tasking, role: Role): HoursSignature | undefined {
  return holds(tasking, role) ? undefined : tasking.signatures.findLast((one) => one.role === role)
}
export const bothSigned = (tasking: Tasking): boolean => PARTIES.every((one) => holds(tasking, one.role))

/** What there is to sign, asked anew with each change of the tasking. Null: not known (offline). */
export function useHours(tasking: Ref<Tasking>, wanted: Ref<boolean>): Ref<Hours | null> {
  const hours = shallowRef<Hours | null>(null)
  let asked = 0
  watch(
    [tasking, wanted],
    async () => {
      const mine = ++asked
      if (!wanted.value) return
      const answer = await request<Hours>('GET', `taskings/${encodeURIComponent(tasking.value.id)}/hours`)
      if (mine === asked && answer.ok) hours.value = answer.value
    },
    { immediate: true },
  )
  return hours
}
