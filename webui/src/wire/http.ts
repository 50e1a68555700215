// Commands and sign-in over HTTP. An answer is a value or a Problem (RFC 9457); nothing is thrown for a refusal.
import { forgetSession, session, updateSession, wipe } from '../state/session'

export interface Problem {
  code: string
  detail: string
  field?: string
  version?: number
  roles?: string[]
  /** BAD_TABLE: every cell of a table that cannot be read. */
  faults?: { line: number; id: string; field: string; detail: string }[]
  status: number
}

export type Answer<T> = { ok: true; value: T } | { ok: false; problem: Problem }

const TIMEOUT_MS = 20_000

export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  // Plain http on a LAN address has no randomUUID; getRandomValues is everywhere.
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = (b[6]! & 0x0f) | 0x40
  b[8] = (b[8]! & 0x3f) | 0x80
  const hex = Array.from(b, (v) => v.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function problemOf(status: number, body: unknown): Problem {
  const b = (body ?? {}) as Record<string, unknown>
  const text = (key: string): string => (typeof b[key] === 'string' ? (b[key] as string) : '')
  return {
    code: text('code') || (status === 401 ? 'UNAUTHENTICATED' : status === 503 ? 'BUSY' : 'UNEXPECTED'),
    detail: text('detail') || text('title'),
    field: text('field') || undefined,
    version: typeof b['version'] === 'number' ? b['version'] : undefined,
    roles: Array.isArray(b['roles']) ? (b['roles'] as string[]) : undefined,
    faults: Array.isArray(b['faults']) ? (b['faults'] as Problem['faults']) : undefined,
    status,
  }
}

/** `body` as a text goes as it is. */
export async function request<T>(method: string, path: string, body?: unknown, key?: string, more?: Record<string, string>): Promise<Answer<T>> {
  const headers: Record<string, string> = { ...more }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (session.value) headers['Authorization'] = `Bearer ${session.value.token}`
  if (key) headers['Idempotency-Key'] = key
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method,
      headers,
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const text = await response.text()
    const parsed: unknown = text ? JSON.parse(text) : undefined
    if (response.ok) return { ok: true, value: parsed as T }
    const problem = problemOf(response.status, parsed)
    if (problem.code === 'UNAUTHENTICATED' && session.value) forgetSession('expired')
    if (problem.code === 'DEVICE_REVOKED') await wipe()
    if (problem.code === 'IDLE_LOCKED' && session.value) updateSession({ locked: true })
    if (problem.code === 'PASSWORD_CHANGE_REQUIRED' && session.value) updateSession({ must_change: true })
    return { ok: false, problem }
  } catch {
    // No answer, or one that is no JSON: whether it was carried out is unknown, so the key must be kept for a retry.
    return { ok: false, problem: { code: 'UNREACHABLE', detail: '', status: 0 } }
  }
}

/** A file behind a door, or why there is none. */
export async function fetchFile(path: string): Promise<Answer<Blob>> {
  const headers: Record<string, string> = session.value ? { Authorization: `Bearer ${session.value.token}` } : {}
  try {
    const response = await fetch(path.startsWith('/') ? path : `/api/v1/${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (response.ok) return { ok: true, value: await response.blob() }
    const problem = problemOf(response.status, await response.json())
    if (problem.code === 'UNAUTHENTICATED' && session.value) forgetSession('expired')
    return { ok: false, problem }
  } catch {
    return { ok: false, problem: { code: 'UNREACHABLE', detail: '', status: 0 } }
  }
}

export function post<T>(path: string, body: unknown, key = newKey(), more?: Record<string, string>): Promise<Answer<T>> {
  return request<T>('POST', path, body, key, more)
}
