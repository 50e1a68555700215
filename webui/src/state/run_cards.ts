// Run cards of incidents: what the server proposes and why, what is applied, and the clocks of its lines.
import { t, word } from '../text'
import { request, type Answer } from '../wire/http'
import { ms, type Incident } from '../wire/schema'
import { fixed, whole } from './format'
import { tables } from './world'

export interface Want {
  kind: string
  needs: string[]
  aircraft_kinds: string[]
  visits: number
  stay_s: number
  people: number
  lift_to: string | null
  cargo_kg: number
  continuous: boolean
  needs_pad: boolean
  pad_within_m: number
}
export interface Item {
  sort: 'notice' | 'check'
  text: string
  within_s: number | null
  trigger: string
  threshold: number
}
export interface Card {
  id: string
  name: string
  kind: string
  level: number
  area: string
  tasks: Want[]
  items: Item[]
  radius_m: number
  ceiling_m: number
  valid_from: string
  valid_until: string | null
  source: string
}
export interface Line {
  key: string
  item: Item
  version: number
  done_at: string | null
  done_by: string
  escalated_at: string | null
}
export interface Applied {
  card_id: string
  name: string
  source: string
  kind: string
  level: number
  proposed_id: string
  reason: string
  changed: boolean
  tasks: Want[]
  items: Line[]
  radius_m: number
  ceiling_m: number
  applied_at: string
  applied_by: string
}
export interface Fitting {
  id: string
  name: string
  area: string
  level: number
}
export interface Clock {
  key: string
  holds: boolean | null
  starts_at: string | null
  due_at: string | null
}
export interface View {
  incident_id: string
  version: number
  county: string
  county_name: string
  proposed: Card | null
  fitting: Fitting[]
  applied: Applied | null
  proposes_other: boolean
  clocks: Clock[]
  raised_level: number | null
  raised_card: Fitting | null
}

export const pathOf = (incidentId: string): string => `incidents/${encodeURIComponent(incidentId)}/run-card`

export function fetchView(incidentId: string): Promise<Answer<View>> {
  return request<View>('GET', pathOf(incidentId))
}

const MOST_PAGES = 10 // of 500: far more cards than a province has

/** Every card in force now, for choosing another one. */
export async function fetchCards(now_ms: number): Promise<Answer<Card[]>> {
  const found: Card[] = []
  let cursor: string | null = ''
  for (let n = 0; n < MOST_PAGES && cursor !== null; n++) {
    const page: Answer<{ items: Card[]; next: string | null }> = await request('GET', `resources/run_cards?limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
    if (!page.ok) return page
    found.push(...page.value.items)
    cursor = page.value.next
  }
  const inForce = (one: Card): boolean => Date.parse(one.valid_from) <= now_ms && (!one.valid_until || now_ms < Date.parse(one.valid_until))
  return { ok: true, value: found.filter(inForce) }
}

/** A task in a few words: what, how many, how long. */
export function taskText(want: Want, people: number | undefined): string {
  const name = word(t.task, want.kind)
  if (want.lift_to) return `${name} ${t.runCard.persons(people ?? want.people)}`
  if (want.cargo_kg) return `${name} ${whole(want.cargo_kg)} kg`
  if (want.continuous) return `${name} · ${t.runCard.station}`
  return want.visits > 1 ? `${name} ×${want.visits}` : name
}

/** When a line holds, in words; empty: always. */
export function conditionText(item: Item): string {
  const words: Record<string, (figure: string) => string> = t.runCard.trigger
  const scale: Record<string, number> = { large_area: 1e-4, long_burning: 1 / 3600, near_border: 1e-3 }
  const figure = item.threshold * (scale[item.trigger] ?? 1)
  return words[item.trigger]?.(Number.isInteger(figure) ? whole(figure) : fixed(figure, 1)) ?? ''
}

/** An incident of a scenario as people call it; where it wants several tasks, all but the first are rows of their own. */
export function rowTitle(row: string): string {
  const [id = row, task] = row.split('~')
  const title = tables.incidents.get(id)?.title ?? id
  return task ? `${title} · ${word(t.task, task)}` : title
}

/** Open lines whose passed clock was recorded, the first that passed first; by the incident alone, for the queue. */
export function lateLines(incident: Incident): { text: string; late_ms: number }[] {
  const lines = incident.runCard?.items.filter((one) => one.escalatedAtUs !== undefined && one.doneAtUs === undefined) ?? []
  return lines.map((one) => ({ text: one.item?.text ?? '', late_ms: ms(one.escalatedAtUs) })).sort((a, b) => a.late_ms - b.late_ms)
}
