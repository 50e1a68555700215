// Papers: what an incident has left in writing. The site writes them from its journal; here they are listed and shown.
import { shallowRef } from 'vue'
import { language, t, word } from '../text'
import { request, type Answer } from '../wire/http'
import { sheet } from './sheet'

export interface Line {
  kind: string
  title: string
  number: string
  incident_id: string
  tasking_id: string
  request_id: string
  revision: number
  seq: number
  made_at: string
  digest: string
  links: { json: string; pdf: string }
}

/** A document's name: as it is printed, or what it is for somebody who reads no Chinese. */
export function titleOf(line: Line): string {
  return language.value === 'zh' ? line.title : word(t.papers.kind, line.kind)
}

export interface Cell {
  key: string
  label: string
  text: string
  wide: boolean
}

export interface Section {
  title: string
  cells?: Cell[]
  heads?: string[]
  rows?: string[][]
  widths?: number[]
}

export interface Paper extends Line {
  previous: string
  form: { title: string; sections: Section[]; signatures: { label: string; name: string; at: string }[]; notes: string[]; drill: boolean }
  revisions: { revision: number; seq: number; made_at: string; digest: string; previous: string }[]
}

/** The document that the page over the map shows. */
export const paperWanted = shallowRef<Line | null>(null)

export function openPaper(line: Line): void {
  paperWanted.value = line
  sheet.value = 'paper'
}

export async function listPapers(incidentId: string): Promise<Answer<Line[]>> {
  const answer = await request<{ items: Line[] }>('GET', `incidents/${encodeURIComponent(incidentId)}/documents`)
  return answer.ok ? { ok: true, value: answer.value.items } : answer
}

function at(line: Line, revision: number): string {
  const named = [line.tasking_id && `tasking=${line.tasking_id}`, line.request_id && `request=${line.request_id}`, `revision=${revision}`]
  return named.filter(Boolean).join('&')
}

export function readPaper(line: Line, revision: number): Promise<Answer<Paper>> {
  return request<Paper>('GET', `incidents/${line.incident_id}/documents/${line.kind}?${at(line, revision)}`)
}

/** "20261126-0312", Beijing: for names of files. */
export function fileTime(at_ms: number): string {
  return new Date(at_ms + 8 * 3600_000).toISOString().slice(0, 16).replace(/-|:/g, '').replace('T', '-')
}
