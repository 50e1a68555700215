// A page laid over queue and map, never over the strip: sources, identities, resources, replay, a paper, key figures, phones. One at a time; Esc closes it.
import { ref, shallowRef } from 'vue'

export type Sheet = '' | 'sources' | 'identities' | 'resources' | 'replay' | 'paper' | 'kpis' | 'duty' | 'accounts' | 'callouts' | 'aid' | 'audit' | 'devices' | 'volumes' | 'links' | 'video'
export const sheet = ref<Sheet>('')

export function toggleSheet(which: Sheet): void {
  sheet.value = sheet.value === which ? '' : which
}

/** Which identity the page should open at: one that is there, or a new one with what is known of a track. */
export interface IdentityWanted {
  id: string
  keys?: string[]
  name?: string
}
export const identityWanted = shallowRef<IdentityWanted | null>(null)

export function openIdentity(wanted: IdentityWanted): void {
  identityWanted.value = wanted
  sheet.value = 'identities'
}
