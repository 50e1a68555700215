// Phones that sign, as the server tells them, and ending one.
import { ref, shallowRef } from 'vue'
import { request, type Problem } from '../wire/http'

export interface Device {
  id: string
  account: string
  display_name: string
  name: string
  enrolled_at: string
  seen_at: string
  own: boolean
  signed_in: boolean
  acts: number
  revoked_at: string | null
  revoked_by: string
  reason: string
}

export const devices = shallowRef<Device[]>([])
export const devicesProblem = shallowRef<Problem | null>(null)
export const devicesLoaded = ref(false)

export async function fetchDevices(): Promise<void> {
  const answer = await request<{ items: Device[] }>('GET', 'devices')
  devicesProblem.value = answer.ok ? null : answer.problem
  if (!answer.ok) return
  devices.value = answer.value.items
  devicesLoaded.value = true
}
