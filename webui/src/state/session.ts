// Who is signed in on this tab. sessionStorage: each tab may be another person, and closing it forgets.
import { ref } from 'vue'

export interface Session {
  token: string
  expires_at: string
  account: string
  display_name: string
  role: string
  roles: string[]
}

const KEY = 'ganying.session'

function stored(): Session | null {
  const text = sessionStorage.getItem(KEY)
  return text ? (JSON.parse(text) as Session) : null
}

export const session = ref<Session | null>(stored())
export const signInNotice = ref<'' | 'expired' | 'signedOut'>('')

export function keepSession(opened: Session): void {
  sessionStorage.setItem(KEY, JSON.stringify(opened))
  signInNotice.value = ''
  session.value = opened
}

/** Nothing of the person stays in the browser after this (GB/T 22239 8.1.4.10). */
export function forgetSession(notice: '' | 'expired' | 'signedOut'): void {
  sessionStorage.clear()
  signInNotice.value = notice
  session.value = null
}

export function pageOf(role: string): '/' | '/phone' | '/atc' {
  if (role === 'operator') return '/phone'
  if (role === 'atc') return '/atc'
  return '/'
}
