// A page laid over queue and map, never over the strip: sources, identities. One at a time; Esc closes it.
import { ref } from 'vue'

export type Sheet = '' | 'sources' | 'identities'
export const sheet = ref<Sheet>('')

export function toggleSheet(which: Sheet): void {
  sheet.value = sheet.value === which ? '' : which
}
