// Night or day, kept on this machine; nothing about the person is in it.
import { ref } from 'vue'

export type Theme = 'night' | 'day'
const KEY = 'ganying.theme'

export const theme = ref<Theme>(localStorage.getItem(KEY) === 'day' ? 'day' : 'night')

export function applyTheme(): void {
  document.documentElement.dataset['theme'] = theme.value
}

export function switchTheme(): void {
  theme.value = theme.value === 'night' ? 'day' : 'night'
  localStorage.setItem(KEY, theme.value)
  applyTheme()
}

/** A colour token as it is now, for canvases and the map which cannot read CSS variables. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
