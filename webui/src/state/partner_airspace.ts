// Partners' airspace of joint incidents, as their sites tell it: information, each side's ATC approves its own.
import { ref, shallowRef, watch } from 'vue'
import { request } from '../wire/http'
import { session } from './session'
import { links } from './world'

interface At {
  lon_deg: number
  lat_deg: number
}
interface Limit {
  datum: string
  value_m: number
  unlimited: boolean
  stated: string
}
export interface PartnerArea {
  id: string
  centre: At
  call_m: number
  hold_m: number
  working_m: number
  withdrawn_at: string | null
}
export interface PartnerVolume {
  id: string
  withdrawn_at: string | null
  terms: {
    name: string
    kind: string
    footprint: { ring: At[]; holes: { corners: At[] }[]; centre: At | null; radius_m: number; line: At[]; half_width_m: number }
    floor: Limit
    ceiling: Limit
  }
}
export interface JointAirspace {
  incident_id: string
  site: string
  at: string
  areas: PartnerArea[]
  volumes: PartnerVolume[]
}

const EVERY_MS = 20_000
const NO_FLYING = new Set(['sysadmin', 'secadmin', 'auditor'])
/** What every partner told last; an incident that is over has nothing in it. */
export const partnerAirspace = shallowRef<readonly JointAirspace[]>([])
const watchers = ref(0) // maps and pages that show it
let told = ''

async function ask(): Promise<void> {
  if (!watchers.value || !links.value.length || !session.value || NO_FLYING.has(session.value.role)) return
  const answer = await request<{ items: JointAirspace[] }>('GET', 'partner-airspace')
  if (!answer.ok) return // what was told last stands, with its age
  const items = answer.value.items.filter((one) => one.areas.length || one.volumes.length)
  const now = JSON.stringify(items)
  if (now === told) return
  told = now
  partnerAirspace.value = items
}

let timer: ReturnType<typeof setInterval> | undefined
/** Show it from now on; call what it gives when no longer. */
export function watchPartnerAirspace(): () => void {
  watchers.value += 1
  timer ??= setInterval(() => void ask(), EVERY_MS)
  void ask()
  return () => {
    watchers.value -= 1
    if (watchers.value) return
    clearInterval(timer)
    timer = undefined
  }
}
watch(
  () => [links.value.map((one) => one.site).join(), session.value?.token],
  () => {
    if (!session.value) partnerAirspace.value = []
    told = session.value ? told : ''
    void ask()
  },
)
