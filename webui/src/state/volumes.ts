// The chart as this page holds it: asked for once, then only what changed; and what a person does with a file of it.
import { computed, ref, shallowRef, watch } from 'vue'
import type { MultiPolygon, Polygon } from 'geojson'
import { t } from '../text'
import { request, type Problem } from '../wire/http'
import { now_ms, serverNow } from './clock'
import { clockMinute, dateShort } from './format'
import { session } from './session'
import { journal, volumesAt } from './world'

export interface ActiveTime {
  begins_at: string | null
  ends_at: string | null
  weekdays: number[]
  from_s: number
  until_s: number
}

export interface VolumeSaid {
  version: number
  name: string
  kind: string
  class: string
  control: string
  floor: string
  ceiling: string
  floor_m: number
  permanent: boolean
  times: ActiveTime[]
  note: string
  remarks: string[]
  file: string
  line: number
  by_atc: boolean
}

export interface VolumeShape {
  type: 'Feature'
  id: string
  properties: VolumeSaid
  geometry: Polygon | MultiPolygon
}

interface Chart {
  whole: boolean
  through: number
  gone: string[]
  features: VolumeShape[]
}

export interface Tried {
  format: string
  dry_run: boolean
  seen: number
  new: number
  changed: number
  unchanged: number
  rejected: number
  withdrawn: number
  faults: { code: string; detail: string; feature: string; line: number; field: string }[]
  changes: { id: string; name: string; change: string }[]
  remarks: Record<string, number>
  passed: Record<string, number>
}

/** Outside Vue's reach inside: there may be thousands of corners. */
export const volumes = shallowRef<ReadonlyMap<string, VolumeShape>>(new Map())
export const volumesLoaded = ref(false)
export const volumesProblem = shallowRef<Problem | null>(null)
export const chosenVolume = ref('')

const RETRY_MS = 15_000
let through = 0
let asking = false
let watchers = 0 // pages that show it

function forget(): void {
  through = 0
  volumes.value = new Map()
  volumesLoaded.value = false
}

async function ask(): Promise<void> {
  if (asking || !session.value) return
  asking = true
  const of = journal.value
  const answer = await request<Chart>('GET', `volumes/map?since=${through}`)
  asking = false
  if (of !== journal.value) return void ask() // another journal: what came is of the old one
  volumesProblem.value = answer.ok ? null : answer.problem
  if (!answer.ok) {
    setTimeout(() => watchers && void ask(), RETRY_MS)
    return
  }
  const kept = new Map(answer.value.whole ? [] : volumes.value)
  for (const id of answer.value.gone) kept.delete(id)
  for (const one of answer.value.features) kept.set(one.id, one)
  through = answer.value.through
  volumes.value = kept
  volumesLoaded.value = true
  if (through < volumesAt.value) void ask()
}

/** Hold the chart while a page shows it. Returns what ends it. */
export function watchVolumes(): () => void {
  watchers++
  const stop = watch(
    [volumesAt, journal],
    ([at, of], before) => {
      if (before[1] && before[1] !== of) forget()
      if (of && (!volumesLoaded.value || through < at)) void ask()
    },
    { immediate: true },
  )
  return () => {
    stop()
    if (--watchers === 0) forget()
  }
}

function isNow(time: ActiveTime, now: number): boolean {
  if (time.begins_at && now < Date.parse(time.begins_at)) return false
  if (time.ends_at && now >= Date.parse(time.ends_at)) return false
  const at = new Date(now)
  const second = at.getUTCHours() * 3600 + at.getUTCMinutes() * 60 + at.getUTCSeconds()
  const day = at.getUTCDay() || 7
  const onDay = (which: number): boolean => !time.weekdays.length || time.weekdays.includes(which)
  const over = time.until_s <= time.from_s
  if (second >= time.from_s && second < (over ? 86_400 : time.until_s) && onDay(day)) return true
  return over && second < time.until_s && onDay(day === 1 ? 7 : day - 1)
}

/** Whether it is active at a time; the server's rule (dispatch/volume.py). */
export function isOn(one: VolumeSaid, now: number): boolean {
  return one.permanent || one.times.some((time) => isNow(time, now))
}

const minute = computed(() => Math.floor(now_ms.value / 30_000))
/** Changes when another set of volumes is active: only then the map is told anew. */
export const activeKey = computed(() => {
  void minute.value
  const now = serverNow()
  let key = ''
  for (const one of volumes.value.values()) if (!one.properties.permanent) key += isOn(one.properties, now) ? '1' : '0'
  return key
})

function instant(iso: string | null): string {
  if (!iso) return t.volume.open
  const at = Date.parse(iso)
  const local = (ms: number): string => new Date(ms + BEIJING_S * 1000).toISOString().slice(0, 4)
  const year = local(at) === local(serverNow()) ? '' : `${local(at)}-`
  return `${year}${dateShort(at)} ${clockMinute(at)}`
}
const BEIJING_S = 8 * 3600
const two = (value: number): string => String(value).padStart(2, '0')
function hours(time: ActiveTime): string {
  const local = (second: number): string => `${two(Math.floor(((second + BEIJING_S) % 86_400) / 3600))}:${two(Math.floor((second % 3600) / 60))}`
  return `${local(time.from_s)}–${local(time.until_s)}`
}
const allDay = (time: ActiveTime): boolean => time.from_s === 0 && time.until_s === 86_400

/** One time in words, Beijing time. Days of the week stay those of UTC, as they were given. */
export function timeText(time: ActiveTime): string {
  const days = time.weekdays.length ? `${time.weekdays.map((day) => t.volume.days[day]).join(' ')}${allDay(time) ? '' : ' (UTC)'}` : t.volume.everyDay
  const daily = time.weekdays.length || !allDay(time) ? t.volume.daily(days, allDay(time) ? '' : hours(time)) : ''
  const period = time.begins_at || time.ends_at ? `${instant(time.begins_at)} – ${instant(time.ends_at)}` : ''
  return [period, daily].filter(Boolean).join(' · ')
}

/** Its times in one line: what holds now or comes next, and how many more. */
export function spanText(one: VolumeSaid, now: number): string {
  if (one.permanent) return t.volume.permanent
  const ahead = one.times.filter((time) => !time.ends_at || Date.parse(time.ends_at) > now)
  const [first] = ahead.length ? ahead : one.times
  if (!first) return t.volume.noTimes
  const more = one.times.length - 1
  return `${timeText(first)}${more ? ` +${more}` : ''}`
}

/** The middle of its bounds and a zoom at which it is seen whole. */
export function viewOf(one: VolumeShape): { lon: number; lat: number; zoom: number } {
  const corners = (one.geometry.type === 'Polygon' ? one.geometry.coordinates : one.geometry.coordinates.flat()).flat()
  const lons = corners.map((corner) => corner[0]!)
  const lats = corners.map((corner) => corner[1]!)
  const [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)]
  const reach = Math.max(east - west, (north - south) * 1.4, 0.01)
  return { lon: (west + east) / 2, lat: (south + north) / 2, zoom: Math.min(13, Math.max(5, Math.log2(360 / reach) + 0.2)) }
}
