// Recordings as the server tells them: searched, a part of one fetched, clips exported, small pictures.
import { fromBinary } from '@bufbuild/protobuf'
import { VideoRecordedSchema } from '../gen/protocols/gen/video_pb'
import { forgetSession, session } from '../state/session'
import { problemOf, request, type Answer } from '../wire/http'
import { VideoToldSchema, type VideoTold } from '../wire/schema'

export interface Span {
  from: string
  to: string
}
/** One stream in one hour. */
export interface Recording extends Span {
  stream_id: string
  spans: Span[]
  name: string
  carrier: string | null
  carrier_id: string
  codec: string
  width: number
  height: number
  size_bytes: number
  pictures: number
  damaged: boolean
  seen: Span | null
  lon_deg: number | null
  lat_deg: number | null
  incidents: { id: string; title: string }[]
}
export interface Search {
  from_ms: number
  to_ms: number
  stream_id?: string
  incident_id?: string
  /** Degrees. */
  place?: { lon: number; lat: number; radius_km: number }
  cursor?: string
}
export interface Clip {
  id: string
  stream_id: string
  stream_name: string
  from_at: string
  to_at: string
  incident_id: string
  reason: string
  sha256: string
  size_bytes: number
  pictures: number
  gaps: number
  exported_at: string
  exported_by: string
  with_klv: boolean
  /** Packets of KLV in it. */
  klv: number
}

const KM_A_DEGREE = 111.2
const TIMEOUT_MS = 30_000
const EXPORT_MS = 300_000

export const iso = (at_ms: number): string => new Date(at_ms).toISOString()

export function boxOf(place: { lon: number; lat: number; radius_km: number }): string {
  const high = place.radius_km / KM_A_DEGREE
  const wide = high / Math.max(0.05, Math.cos((place.lat * Math.PI) / 180))
  return [place.lon - wide, place.lat - high, place.lon + wide, place.lat + high].map((one) => one.toFixed(6)).join(',')
}

export function search(one: Search): Promise<Answer<{ items: Recording[]; next: string | null }>> {
  const query = new URLSearchParams({ from: iso(one.from_ms), to: iso(one.to_ms) })
  if (one.stream_id) query.set('stream_id', one.stream_id)
  if (one.incident_id) query.set('incident_id', one.incident_id)
  if (one.place) query.set('bbox', boxOf(one.place))
  if (one.cursor) query.set('cursor', one.cursor)
  return request('GET', `video/recordings?${query}`)
}

export interface Part {
  told: VideoTold[]
  through_ms: number
  next_ms: number // NaN: nothing more within the hour after it
}

function authorised(): Record<string, string> {
  return session.value ? { Authorization: `Bearer ${session.value.token}` } : {}
}

async function failed(answer: Response): Promise<Answer<never>> {
  const problem = problemOf(answer.status, await answer.json().catch(() => ({})))
  if (problem.code === 'UNAUTHENTICATED' && session.value) forgetSession('expired')
  return { ok: false, problem }
}
const unreachable = { ok: false, problem: { code: 'UNREACHABLE', detail: '', status: 0 } } as const

export async function fetchPart(streamId: string, from_ms: number, to_ms: number, how: { begin: boolean; keys: boolean }, signal: AbortSignal): Promise<Answer<Part>> {
  const query = new URLSearchParams({ from: iso(from_ms), to: iso(to_ms), begin: String(how.begin), keys: String(how.keys) })
  try {
    const answer = await fetch(`/api/v1/video/recordings/${streamId}/part?${query}`, { headers: authorised(), signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
    if (!answer.ok) return await failed(answer)
    const wire = fromBinary(VideoRecordedSchema, new Uint8Array(await answer.arrayBuffer()))
    return {
      ok: true,
      value: {
        told: wire.told.map((one) => fromBinary(VideoToldSchema, one)),
        through_ms: Number(wire.throughUs) / 1000,
        next_ms: wire.nextUs === undefined ? NaN : Number(wire.nextUs) / 1000,
      },
    }
  } catch {
    return unreachable
  }
}

/** Writing a clip may take long: its own time, and the same key when it is asked for again. */
export async function exportClip(body: Record<string, unknown>, key: string): Promise<Answer<{ clip: Clip }>> {
  try {
    const answer = await fetch('/api/v1/video/clips', {
      method: 'POST',
      headers: { ...authorised(), 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(EXPORT_MS),
    })
    return answer.ok ? { ok: true, value: (await answer.json()) as { clip: Clip } } : await failed(answer)
  } catch {
    return unreachable
  }
}

/** Hand the file to the browser to keep. */
export async function saveClip(clip: Clip): Promise<Answer<true>> {
  try {
    const answer = await fetch(`/api/v1/video/clips/${clip.id}/file`, { headers: authorised(), signal: AbortSignal.timeout(EXPORT_MS) })
    if (!answer.ok) return await failed(answer)
    const link = document.createElement('a')
    link.href = URL.createObjectURL(await answer.blob())
    link.download = `${clip.id}.${clip.with_klv ? 'ts' : 'mp4'}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000) // the browser has read it by then
    return { ok: true, value: true }
  } catch {
    return unreachable
  }
}

export const clips = (incidentId = ''): Promise<Answer<{ items: { clip: Clip }[] }>> => request('GET', `video/clips?limit=100${incidentId ? `&incident_id=${incidentId}` : ''}`)
export const checkClip = (id: string): Promise<Answer<{ state: string; sha256: string | null }>> => request('GET', `video/clips/${id}/check`)


// Small pictures: four at a time, so that a long list does not keep the server from anything else.
const MOST_STILLS = 4
let running = 0
const waiting: (() => void)[] = []

export interface StillFetched {
  /** Nothing new: what is shown is still so. */
  same: boolean
  blob?: Blob
  tag: string
}

export async function fetchStill(path: string, tag: string): Promise<StillFetched | undefined> {
  if (running >= MOST_STILLS) await new Promise<void>((go) => waiting.push(go))
  running += 1
  try {
    const headers = tag ? { ...authorised(), 'If-None-Match': tag } : authorised()
    const answer = await fetch(`/api/v1/${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (answer.status === 304) return { same: true, tag }
    if (!answer.ok) return undefined
    return { same: false, blob: await answer.blob(), tag: answer.headers.get('ETag') ?? '' }
  } catch {
    return undefined
  } finally {
    running -= 1
    waiting.shift()?.()
  }
}
