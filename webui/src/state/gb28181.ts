// Devices of GB/T 28181 and upper platforms, asked for while somebody looks at them.
import { onBeforeUnmount, onMounted, shallowRef } from 'vue'
import { request } from '../wire/http'
import { session } from './session'

export interface GbChannel {
  id: string
  name: string
  online: boolean
  stream_id: string
}
export interface GbDevice {
  id: string
  name: string
  online: boolean
  since: string | null
  seen_at: string | null
  host: string
  why: string
  version: string
  media: string
  channels: GbChannel[]
}
export interface GbPlatform {
  id: string
  name: string
  state: string
  since: string
  reason: string
  channels: Record<string, string>
  watched: { stream_id: string; channel_id: string; since: string; subject: string; address: string; sent: number }[]
}
export interface Gb28181 {
  id: string
  devices: GbDevice[]
  platforms: GbPlatform[]
  refused: Record<string, number>
}

const EVERY_MS = 3_000
export const gb28181 = shallowRef<Gb28181 | null>(null)

async function ask(): Promise<void> {
  if (!session.value) return
  const answer = await request<Gb28181>('GET', 'video/gb28181')
  if (answer.ok) gb28181.value = answer.value
}

/** Asked for again and again while the caller is on the page; once where it is not spoken. */
export function useGb28181(): void {
  let timer = 0
  async function turn(): Promise<void> {
    await ask()
    if (gb28181.value?.id) timer = window.setTimeout(() => void turn(), EVERY_MS)
  }
  onMounted(() => void turn())
  onBeforeUnmount(() => {
    window.clearTimeout(timer)
    timer = -1
  })
}
