// Who is signed in on this tab. sessionStorage: each tab may be another person, and closing it forgets. A crew's phone
// with its own key keeps its session until it ends: the page must open again without a link.
import { ref, shallowRef } from 'vue'
import { forgetKey } from './device'
import { wipeKept } from './kept'

export interface Session {
  token: string
  expires_at: string
  account: string
  display_name: string
  role: string
  roles: string[]
  operator_id: string
  device_id?: string
  device_seq?: number
  locked: boolean
  must_change: boolean
  idle_lock_s: number
}

const KEY = 'ganying.session'

function stored(): Session | null {
  const onPhone = location.pathname === '/phone'
  const text = sessionStorage.getItem(KEY) ?? (onPhone ? localStorage.getItem(KEY) : null)
  return text ? (JSON.parse(text) as Session) : null
}

export type SignInNotice = '' | 'expired' | 'signedOut' | 'revoked'

export const session = ref<Session | null>(stored())
export const signInNotice = ref<SignInNotice>('')
/** What a revoked phone had not sent, in words of people: shown once, kept nowhere. */
export const revokedActs = shallowRef<string[]>([])
/** Names what is unsent; the phone's page says how. */
export const unsent: { list: () => string[] } = { list: () => [] }

export function keepSession(opened: Session): void {
  sessionStorage.setItem(KEY, JSON.stringify(opened))
  if (opened.device_id) localStorage.setItem(KEY, JSON.stringify(opened))
  signInNotice.value = ''
  revokedActs.value = []
  session.value = opened
}

/** What the server says of this session by now. */
export function updateSession(changes: Partial<Session>): void {
  if (!session.value) return
  const kept = { ...session.value, ...changes }
  sessionStorage.setItem(KEY, JSON.stringify(kept))
  if (kept.device_id) localStorage.setItem(KEY, JSON.stringify(kept))
  session.value = kept
}

/** Nothing of the person stays in the browser after this (GB/T 22239 8.1.4.10), but for acts that are still to be sent. */
export function forgetSession(notice: SignInNotice): void {
  sessionStorage.clear()
  localStorage.removeItem(KEY)
  forgetKey()
  signInNotice.value = notice
  session.value = null
}

/** This phone was revoked: it forgets its key, its acts, its taskings. */
export async function wipe(): Promise<void> {
  revokedActs.value = unsent.list()
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith('ganying.') && !['ganying.theme', 'ganying.language'].includes(key)) localStorage.removeItem(key)
  }
  forgetSession('revoked')
  await wipeKept()
}

export function pageOf(role: string): '/' | '/phone' | '/atc' {
  if (role === 'operator') return '/phone'
  if (role === 'atc') return '/atc'
  return '/'
}
