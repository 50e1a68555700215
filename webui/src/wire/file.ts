// Files to and from the server: what is downloaded is saved by the browser, what is uploaded goes as it is.
import { session } from '../state/session'
import { fetchFile, newKey, problemOf, type Answer, type Problem } from './http'

const TIMEOUT_MS = 60_000

function authorised(): Record<string, string> {
  return session.value ? { Authorization: `Bearer ${session.value.token}` } : {}
}

/** Hand a door's file to the browser to keep and print; undefined, or why it could not. */
export async function saveFile(path: string, name: string): Promise<Problem | undefined> {
  const answer = await fetchFile(path)
  if (!answer.ok) return answer.problem
  const address = URL.createObjectURL(answer.value)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000) // the browser has read it by then
  return undefined
}

/** Send a file's bytes as `type`. */
export async function upload<T>(path: string, file: Blob, type: string): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method: 'POST',
      headers: { ...authorised(), 'Content-Type': type, 'Idempotency-Key': newKey() },
      body: await file.arrayBuffer(),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const parsed: unknown = await response.json()
    return response.ok ? { ok: true, value: parsed as T } : { ok: false, problem: problemOf(response.status, parsed) }
  } catch {
    return { ok: false, problem: { code: 'UNREACHABLE', detail: '', status: 0 } }
  }
}
