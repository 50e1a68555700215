// The weather and the hazard layers as the server tells them: stations with their age, what falls below minima, whose run.
import { computed, ref, shallowRef, watch } from 'vue'
import { request } from '../wire/http'
import { tables } from './world'

export interface Sky {
  wind_mps: number | null
  wind_from_deg: number | null
  gust_mps: number | null
  visibility_m: number | null
  ceiling_m: number | null
  temperature_c: number | null
  qnh_hpa: number | null
  weather: string
}
export interface Place {
  lon_deg: number
  lat_deg: number
}
export interface Report {
  id: string
  station: string
  name: string
  kind: string
  position: Place
  observed_at: string
  source: string
  sky: Sky
  entered_by: string
  observer: string
  raw: string
}
export interface Limit {
  code: string
  hard: boolean
  place: string
  figure: number | null
  limit: number | null
  minimum_id: string
  minimum: string
  source: string
  station: string
  report: string
  observed_at: string | null
  age_s: number
  distance_m: number
}
export interface StationWeather {
  report: Report
  age_s: number
  current: boolean
  below: Limit[]
}
export interface Forecast {
  station: string
  name: string
  begins_at: string
  ends_at: string
  issued_at: string
  raw: string
}
interface WeatherAnswer {
  at: string
  minima: number
  report_age_s: number
  stations: StationWeather[]
  forecasts: Forecast[]
}
export interface Terms {
  name: string
  kind: string
  source: string
  model_at: string
  certainty: string
  valid_from: string
  valid_until: string
  rings: { corners: Place[] }[]
  keep_out: boolean
  flags: string[]
  note: string
  wind_from_deg: number | null
  wind_mps: number | null
}
export interface HazardNow {
  hazard: { id: string; version: number; terms: Terms; received_at: string; received_by: string }
  valid: boolean
  age_s: number
  inside: { table: string; id: string; name: string }[]
}
export interface Approach {
  hazard_id: string
  name: string
  source: string
  from_deg: number
  wind_mps: number | null
  distance_m: number
}

const AGAIN_MS = 60_000
export const UNLIMITED_M = 20_000 // dispatch/weather_records.py: there is no ceiling

export const weatherOpen = ref(false)
export const entering = ref(false)
export const weather = shallowRef<WeatherAnswer | null>(null)
export const hazards = shallowRef<HazardNow[]>([])
/** Hazards that this desk has taken off its map; the airspace stays closed all the same. */
export const hidden = shallowRef<ReadonlySet<string>>(new Set())

/** Worse than a minimum that blocks, and told by a report that counts. */
export const isBelow = (one: StationWeather): boolean => one.current && one.below.some((each) => each.hard)
export const belowCount = computed(() => (weather.value?.stations ?? []).filter(isBelow).length)

export function toggleHazard(id: string): void {
  const now = new Set(hidden.value)
  if (!now.delete(id)) now.add(id)
  hidden.value = now
}

/** Hazards that make a place unusable now. */
export function hazardsOver(table: string, id: string): HazardNow[] {
  return hazards.value.filter((one) => one.valid && one.hazard.terms.keep_out && one.inside.some((place) => place.table === table && place.id === id))
}

export async function fetchWeather(): Promise<void> {
  const [told, lie] = await Promise.all([request<WeatherAnswer>('GET', 'weather'), request<{ items: HazardNow[] }>('GET', 'hazards')])
  if (told.ok) weather.value = told.value
  if (lie.ok) hazards.value = lie.value.items
}

/** Ask at once, each minute, and when a closure comes or goes (a hazard brings one). Returns what ends it. */
export function watchWeather(may: () => boolean): () => void {
  const ask = (): void => void (may() && fetchWeather())
  const stop = watch([may, () => [...tables.hazards.values()].map((one) => `${one.id}${one.version}`).join(), () => tables.minima.size], ask, { immediate: true })
  const timer = setInterval(ask, AGAIN_MS)
  return () => {
    stop()
    clearInterval(timer)
  }
}
