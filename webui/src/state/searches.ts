// Search patterns as this page shows them: those that stand for an incident, and the one being drawn. The server makes the way.
import { shallowRef } from 'vue'
import { request, type Problem } from '../wire/http'
import type { Search } from '../wire/schema'
import type { LonLat } from './geodesy'
import { tables } from './world'

export const PATTERNS = ['expanding_square', 'sector', 'parallel', 'creeping', 'track_line'] as const
export type PatternName = (typeof PATTERNS)[number]

export interface PlacedBody {
  lon_deg: number
  lat_deg: number
}
/** As POST searches takes it; SI. */
export interface SearchBody {
  name: string
  pattern: PatternName
  datum?: PlacedBody
  line?: PlacedBody[]
  heading_deg: number
  turn: 'right' | 'left'
  spacing_m: number
  sweep_width_m: number
  along_m: number
  across_m: number
  again: boolean
  speed_mps: number
  height_m: number
  available_s: number
  note: string
}
export interface Way {
  points: PlacedBody[]
  area: PlacedBody[]
  length_m: number
  duration_s: number
  area_m2: number
  swept_share: number
  coverage: number
  detection_random: number
  detection_ideal: number
  turns: number
}

/** What is being drawn: which incident it is for, what is picked on the map, and the way as the server made it last. */
export interface SearchDraft {
  incidentId: string
  amends: Search | null
  lines: boolean
  places: LonLat[]
  way: Way | null
}
export const searchDraft = shallowRef<SearchDraft | null>(null)
export const chosenSearch = shallowRef('')

export function openSearch(incidentId: string, datum: LonLat | null, amends: Search | null = null): void {
  searchDraft.value = { incidentId, amends, lines: false, places: datum ? [datum] : [], way: null }
}

/** A click on the map while drawing: the datum, or the next point of a line. */
export function placeSearch(at: LonLat): void {
  const now = searchDraft.value
  if (now) searchDraft.value = { ...now, places: now.lines ? [...now.places, at] : [at] }
}

export function standingSearches(incidentId: string): Search[] {
  return [...tables.searches.values()]
    .filter((one) => one.incidentId === incidentId && one.withdrawnAtUs === undefined)
    .sort((a, b) => Number(a.drawnAtUs - b.drawnAtUs))
}

const SHOWN_PX = 420
const WORLD_PX = 512 // of MapLibre's zoom 0
/** Where to look, and how near, to see these points whole. */
export function viewOf(points: readonly LonLat[]): { lon: number; lat: number; zoom: number } {
  const lons = points.map((one) => one.lon)
  const lats = points.map((one) => one.lat)
  const [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)]
  const lat = (south + north) / 2
  const wide = Math.max(east - west, (north - south) / Math.cos((lat * Math.PI) / 180), 0.005)
  return { lon: (west + east) / 2, lat, zoom: Math.log2((SHOWN_PX * 360) / (WORLD_PX * wide)) }
}

let asked = 0
/** Ask for the way of these terms and keep it, unless others were asked for since. Says what is wrong with them. */
export async function trySearch(body: SearchBody): Promise<Problem | null> {
  const mine = ++asked
  const answer = await request<Way>('POST', 'searches/try', body)
  const now = searchDraft.value
  if (mine !== asked || !now) return null
  searchDraft.value = { ...now, way: answer.ok ? answer.value : null }
  return answer.ok ? null : answer.problem
}
