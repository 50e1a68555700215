// The archive asked over HTTP: one page of columns.
import { fromBinary } from '@bufbuild/protobuf'
import { HistoryColumnsSchema } from '../gen/protocols/gen/history_pb'
import { forgetSession, session } from '../state/session'
import { Rows, type Ask, type Asked } from './columns'

const TIMEOUT_MS = 30_000

function failed(code: string, detail = '', status = 0): Asked {
  return { ok: false, problem: { code, detail, status } }
}

async function problemOf(answer: Response): Promise<Asked> {
  const said = (await answer.json().catch(() => ({}))) as Record<string, unknown>
  const code = typeof said['code'] === 'string' ? said['code'] : answer.status === 401 ? 'UNAUTHENTICATED' : 'UNEXPECTED'
  if (code === 'UNAUTHENTICATED' && session.value) forgetSession('expired')
  return failed(code, typeof said['detail'] === 'string' ? said['detail'] : '', answer.status)
}

export const ask: Ask = async (question, signal) => {
  const query = new URLSearchParams({
    from: new Date(question.from_ms).toISOString(),
    to: new Date(question.to_ms).toISOString(),
    step_s: String(question.step_s),
  })
  if (question.cursor) query.set('cursor', question.cursor)
  const stop = new AbortController()
  const giveUp = (): void => stop.abort()
  const timer = setTimeout(giveUp, TIMEOUT_MS)
  signal.addEventListener('abort', giveUp)
  try {
    const answer = await fetch(`/api/v1/history/columns?${query}`, {
      headers: session.value ? { Authorization: `Bearer ${session.value.token}` } : {},
      signal: stop.signal,
    })
    if (!answer.ok) return await problemOf(answer)
    const told = fromBinary(HistoryColumnsSchema, new Uint8Array(await answer.arrayBuffer()))
    return { ok: true, page: { rows: new Rows(told), next: told.next } }
  } catch {
    return failed('UNREACHABLE')
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}
