// Resources as tables of text: columns and rows as the server's doors tell them, and which aircraft may fly.
import { reactive, ref, shallowRef } from 'vue'
import { request, type Problem } from '../wire/http'

export const KINDS = ['aircraft', 'crew', 'bases', 'water_points', 'landing_sites', 'hospitals', 'obstacles', 'equipment', 'operators', 'contracts', 'duty_rules', 'clearance_rules', 'aid_rules', 'minima', 'run_cards'] as const
export type Kind = (typeof KINDS)[number]

export interface Column {
  name: string
  required: boolean
  meaning: string
  choices: string[]
  several: boolean
}
export interface Row {
  id: string
  site: string
  version: number
  cells: Record<string, string>
}
export interface Table {
  columns: Column[]
  rows: Row[]
  maySave: boolean
}
export interface Unfit {
  code: string
  who: string
  detail: string
  rule: string
  source: string
}

/** What stands in the list; everything else is in the form. */
export const LISTED: Record<Kind, string[]> = {
  aircraft: ['id', 'name', 'model', 'operator_id', 'home_base_id', 'at_base_id', 'fuel_kg', 'certificate_until'],
  crew: ['id', 'name', 'duty', 'operator_id', 'aircraft_id', 'models', 'licence_until', 'medical_until'],
  bases: ['id', 'name', 'lon_deg', 'lat_deg', 'elevation_m', 'runway_m', 'fuels', 'refuel_points'],
  water_points: ['id', 'name', 'lon_deg', 'lat_deg', 'modes', 'depth_m', 'seasons', 'max_aircraft', 'ban'],
  landing_sites: ['id', 'name', 'lon_deg', 'lat_deg', 'elevation_m', 'surface'],
  hospitals: ['id', 'name', 'lon_deg', 'lat_deg', 'elevation_m'],
  obstacles: ['id', 'name', 'kind', 'lon_deg', 'lat_deg', 'height_m', 'top_m', 'lighted'],
  equipment: ['id', 'name', 'kind', 'base_id', 'count', 'usable_until'],
  operators: ['id', 'name', 'phone', 'certificate_until'],
  contracts: ['id', 'name', 'operator_id', 'model', 'hour_rate', 'standby_day_rate', 'minimum_hours', 'hours', 'valid_from', 'valid_until'],
  run_cards: ['id', 'name', 'kind', 'level', 'area', 'tasks', 'radius_m', 'valid_from', 'valid_until'],
  clearance_rules: ['id', 'name', 'kind', 'emergency', 'needed', 'agreement', 'file_by', 'answer_by', 'mark', 'valid_from', 'source'],
  aid_rules: ['id', 'name', 'clock', 'partner', 'within_s', 'valid_from', 'valid_until', 'source'],
  minima: ['id', 'name', 'measure', 'limit', 'hard', 'aircraft_kind', 'task', 'night', 'source'],
  duty_rules: ['id', 'name', 'measure', 'days', 'limit_s', 'valid_from', 'valid_until', 'source'],
}

const MOST_PAGES = 40 // of 500 rows: as many as one import takes

/** A whole table, page by page. */
export async function fetchTable(kind: Kind): Promise<Table | Problem> {
  const columns = await request<{ columns: Column[]; may_save: boolean }>('GET', `resources/${kind}/columns`)
  if (!columns.ok) return columns.problem
  const rows: Row[] = []
  let cursor: string | null = ''
  for (let n = 0; n < MOST_PAGES && cursor !== null; n++) {
    const page: Awaited<ReturnType<typeof nextPage>> = await nextPage(kind, cursor)
    if (!page.ok) return page.problem
    rows.push(...page.value.items)
    cursor = page.value.next
  }
  return { columns: columns.value.columns, rows, maySave: columns.value.may_save }
}

function nextPage(kind: Kind, cursor: string): ReturnType<typeof request<{ items: Row[]; next: string | null }>> {
  return request('GET', `resources/${kind}/rows?limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
}

/** Why aircraft may not fly now, by id; asked for anew while a page shows it. */
export const unfit = reactive(new Map<string, Unfit[]>())
export const fitnessProblem = shallowRef<Problem | null>(null)
const asking = ref(false)

export async function fetchFitness(): Promise<void> {
  if (asking.value) return
  asking.value = true
  const answer = await request<{ aircraft_id: string; unfit: Unfit[] }[]>('GET', 'fitness')
  asking.value = false
  fitnessProblem.value = answer.ok ? null : answer.problem
  if (!answer.ok) return
  unfit.clear()
  for (const one of answer.value) if (one.unfit.length) unfit.set(one.aircraft_id, one.unfit)
}

const BEIJING_MS = 8 * 3_600_000
const TIME = /^\d{4}-\d{2}-\d{2}T/

/** A cell as people read and write it: a time as a day or a minute in Beijing; the server takes both. */
export function plainCell(name: string, text: string): string {
  if (!TIME.test(text)) return text
  const at = Date.parse(text)
  const local = new Date(at + BEIJING_MS).toISOString()
  const midnight = local.slice(11, 16) === '00:00'
  if (midnight && name.endsWith('_from')) return local.slice(0, 10)
  if (midnight && /_(until|due_at)$/.test(name)) return new Date(at + BEIJING_MS - 1).toISOString().slice(0, 10) // through that day
  return `${local.slice(0, 16)}+08:00`
}

/** The same where it is only read. */
export function shownCell(name: string, text: string): string {
  return plainCell(name, text).replace(/T(\d\d:\d\d)\+08:00$/, ' $1').replaceAll('|', ' · ')
}
