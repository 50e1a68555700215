// Key figures of a period, as the site works them out of its journal.
import { t } from '../text'
import { request, type Answer } from '../wire/http'
import { fixed, span, whole } from './format'

export interface Sample {
  at: string
  value: number
  subject: string
}

export interface Kpi {
  key: string
  unit: string
  value: number | null
  n: number
  p90: number | null
  worst: number | null
  target: number | null
  within: number | null
  reason: string
  parts: { code: string; count: number }[]
  samples: Sample[]
}

export interface Kpis {
  begin: string
  end: string
  simulated: boolean
  incidents: number
  others: number
  kpis: Kpi[]
}

const DAY_MS = 86_400_000
const BEIJING_MS = 8 * 3600_000

/** Midnight of a day in Beijing, as the page's date fields have it ("2026-11-26"). */
export function midnight_ms(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) - BEIJING_MS
}
export function dayOf(at_ms: number): string {
  return new Date(at_ms + BEIJING_MS).toISOString().slice(0, 10)
}

/** The period of whole days in Beijing, both ends in, as a query; empty where the days make none. */
export function periodQuery(first: string, last: string, drill: boolean): string {
  const from_ms = midnight_ms(first)
  const to_ms = midnight_ms(last) + DAY_MS
  if (!(from_ms < to_ms)) return ''
  const day = (at_ms: number): string => encodeURIComponent(new Date(at_ms).toISOString())
  return `from=${day(from_ms)}&to=${day(to_ms)}&drill=${drill}`
}

export function askKpis(query: string): Promise<Answer<Kpis>> {
  return request<Kpis>('GET', `kpis?${query}`)
}

/** A figure as people read it, its unit with it. */
export function figure(value: number | null, unit: string): string {
  if (value === null) return '—'
  switch (unit) {
    case 's':
      return span(value * 1000)
    case 'h':
      return `${fixed(value, value < 10 ? 2 : 1)} h`
    case 'share':
      return `${fixed(value * 100, 0)} %`
    case 'count':
      return whole(value)
    case 'yuan':
      return `${whole(value)} ${t.kpis.yuan}`
    case 'yuan/t':
      return `${whole(value)} ${t.kpis.yuan}/t`
    default:
      return `${fixed(value, 1)} ${unit}`
  }
}
