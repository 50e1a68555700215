// Senders of video that nobody registered: asked for while somebody looks at the wall who may register them.
import { shallowRef } from 'vue'
import { request } from '../wire/http'

export interface StreamTerms {
  name: string
  source: string
  address: string
  carrier: string
  carrier_id: string
  audience: string
  watermark: boolean
  enabled: boolean
  login: string
}
export interface UnknownSender {
  id: string
  address: string
  port: number
  since: string
  codec: string
  width: number
  height: number
  kbps: number
  names: Record<string, string>
  claim: { aircraft_id: string; by: string; said: string } | null
  terms: StreamTerms
}

const ASK_EVERY_MS = 3_000
const QUIET_MS = 30_000 // of a site that looks for none

export const unknownSenders = shallowRef<UnknownSender[]>([])
let timer: ReturnType<typeof setTimeout> | undefined
let asking = 0

export function lookForSenders(): void {
  forgetSenders()
  void ask(++asking)
}
export function forgetSenders(): void {
  asking += 1
  clearTimeout(timer)
  unknownSenders.value = []
}
async function ask(turn: number): Promise<void> {
  const answer = await request<{ listening: boolean; items: UnknownSender[] }>('GET', 'video/senders')
  if (turn !== asking) return
  unknownSenders.value = answer.ok ? answer.value.items : []
  timer = setTimeout(() => void ask(turn), answer.ok && answer.value.listening ? ASK_EVERY_MS : QUIET_MS)
}
