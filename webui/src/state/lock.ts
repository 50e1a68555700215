// The locked desk (DOMAIN §4.2): after a while without a hand on it the screen stays live and acts lock. The server
// decides; this page tells it of hands, and covers itself when the time is over or the server says so.
import { computed } from 'vue'
import { request, type Problem } from '../wire/http'
import { session, updateSession, type Session } from './session'

const TELL_EVERY_MS = 60_000 // hands move all the time; once a minute is enough
const LOOK_EVERY_MS = 5_000

export const locked = computed(() => session.value?.locked ?? false)
let touchedAt = Date.now()
let toldAt = 0

function touched(): void {
  const now = Date.now()
  if (!session.value?.idle_lock_s || locked.value) return
  if (now - touchedAt >= session.value.idle_lock_s * 1000) return lockNow() // a machine that slept
  touchedAt = now
  if (now - toldAt < TELL_EVERY_MS) return
  toldAt = now
  void request('POST', 'session/activity')
}

function lockNow(): void {
  updateSession({ locked: true })
  void request('POST', 'session/lock', {})
}

function look(): void {
  const limit = session.value?.idle_lock_s
  if (limit && !locked.value && Date.now() - touchedAt >= limit * 1000) lockNow()
}

/** Lock by hand: somebody walks away. */
export async function lockDesk(): Promise<void> {
  const answer = await request('POST', 'session/lock', {})
  if (answer.ok) updateSession({ locked: true })
}

export async function unlockDesk(password: string): Promise<Problem | null> {
  const answer = await request<Session>('POST', 'session/unlock', { password })
  if (!answer.ok) return answer.problem
  touchedAt = Date.now()
  updateSession({ locked: false })
  return null
}

export async function changePassword(password: string, fresh: string): Promise<Problem | null> {
  const answer = await request<Session>('POST', 'session/password', { password, new_password: fresh })
  if (!answer.ok) return answer.problem
  updateSession({ must_change: answer.value.must_change })
  return null
}

/** From a sign-in on; the server knows whether this session is locked already. Returns how to stop. */
export function watchIdle(): () => void {
  touchedAt = Date.now()
  void request<Session>('GET', 'session').then((answer) => {
    if (!answer.ok) return
    const { idle_lock_s, must_change, locked: isLocked } = answer.value
    updateSession({ idle_lock_s, must_change, locked: isLocked })
  })
  const timer = setInterval(look, LOOK_EVERY_MS)
  const kinds = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const
  for (const kind of kinds) addEventListener(kind, touched, { passive: true })
  return () => {
    clearInterval(timer)
    for (const kind of kinds) removeEventListener(kind, touched)
  }
}
