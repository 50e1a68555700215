// Closed airspace as this page shows it: what stands, what is being drawn, and whose way it lies in (the server says).
import { computed, ref, shallowRef, watch } from 'vue'
import { t, word } from '../text'
import { AltitudeDatum, deg, kindWord, ms, Role, type Closure } from '../wire/schema'
import { request } from '../wire/http'
import { now_ms, serverNow } from './clock'
import { clockMinute, dateShort, whole } from './format'
import { circle, distance_m, type LonLat } from './geodesy'
import { session } from './session'
import { activeTaskings, tables } from './world'

export type Shape = 'ring' | 'circle'

/** What is being drawn: the corners of a ring, or a circle's centre. */
export interface Draft {
  shape: Shape
  corners: LonLat[]
  radius_m: number
}

export interface Reached {
  closure_id: string
  tasking_id: string
  number: string
  in_the_air: boolean
  places: string[]
}

/** Above it the server wants to hear that so much is meant (dispatch/closure.py). */
export const LARGE_KM2 = 10_000

export const panelOpen = ref(false)
export const draft = shallowRef<Draft | null>(null)
export const chosenClosure = ref('')
export const reached = shallowRef<Reached[]>([])

export function isOver(one: Closure, now: number): boolean {
  return one.liftedAtUs !== undefined || ms(one.activeUntilUs) <= now
}
const SOON_MS = 2_000 // a closure from now on may begin a moment after this page's clock
export function isActive(one: Closure, now: number): boolean {
  return !isOver(one, now) && ms(one.activeFromUs) <= now + SOON_MS
}

/** Those that are not over: the closed ones first, then by when they begin. */
export const standing = computed(() =>
  [...tables.closures.values()]
    .filter((one) => !isOver(one, now_ms.value))
    .sort((a, b) => Number(isActive(b, now_ms.value)) - Number(isActive(a, now_ms.value)) || Number(a.activeFromUs - b.activeFromUs)),
)

/** What ATC has closed only ATC opens. */
export function mayChange(one: Closure): boolean {
  return one.declaredAs !== Role.ATC || session.value?.role === 'atc'
}

export function ringOf(one: Closure): [number, number][] {
  const outline = one.outline
  if (outline?.centre) return circle({ lon: deg(outline.centre.lonE7), lat: deg(outline.centre.latE7) }, outline.radiusM)
  return (outline?.ring ?? []).map((corner) => [deg(corner.lonE7), deg(corner.latE7)])
}

/** Where its name stands: over its northern edge. */
export function topOf(ring: readonly [number, number][]): LonLat {
  return { lon: middleOf(ring).lon, lat: Math.max(...ring.map((corner) => corner[1])) }
}

export function bottomOf(ring: readonly [number, number][]): LonLat {
  return { lon: middleOf(ring).lon, lat: Math.min(...ring.map((corner) => corner[1])) }
}

export function middleOf(ring: readonly [number, number][]): LonLat {
  const lons = ring.map((corner) => corner[0])
  const lats = ring.map((corner) => corner[1])
  return { lon: (Math.min(...lons) + Math.max(...lons)) / 2, lat: (Math.min(...lats) + Math.max(...lats)) / 2 }
}

export function heightsOf(one: Closure): string {
  const datum = word(t.altitudeDatum, kindWord(AltitudeDatum, one.datum))
  const floor = one.floorM <= 0 ? t.closure.ground : `${whole(one.floorM)} m`
  return `${floor} – ${whole(one.ceilingM)} m ${datum}`
}

/** The day is said where it is another one than today's. */
function timeText(at_ms: number, now: number): string {
  const day = dateShort(at_ms)
  return day === dateShort(now) ? clockMinute(at_ms) : `${day} ${clockMinute(at_ms)}`
}
export function timesOf(one: Closure, now: number): string {
  return `${timeText(ms(one.activeFromUs), now)} – ${timeText(ms(one.activeUntilUs), now)}`
}

/** km², flat at the middle latitude: for the form only. */
export function areaOf(drawn: Draft): number {
  if (drawn.shape === 'circle') return (Math.PI * drawn.radius_m ** 2) / 1e6
  const [first] = drawn.corners
  if (!first) return 0
  const flat = drawn.corners.map((corner) => [
    (Math.sign(corner.lon - first.lon) || 1) * distance_m(first, { lon: corner.lon, lat: first.lat }),
    (Math.sign(corner.lat - first.lat) || 1) * distance_m(first, { lon: first.lon, lat: corner.lat }),
  ])
  const twice = flat.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = flat[(i + 1) % flat.length]!
    return sum + x! * nextY! - nextX! * y!
  }, 0)
  return Math.abs(twice) / 2e6
}

/** A click on the map while drawing: the next corner, or the centre and then a point of the circle. */
export function drawAt(at: LonLat): void {
  const now = draft.value
  if (!now) return
  if (now.shape === 'ring') draft.value = { ...now, corners: [...now.corners, at] }
  else if (!now.corners.length) draft.value = { ...now, corners: [at] }
  else draft.value = { ...now, radius_m: Math.max(100, Math.round(distance_m(now.corners[0]!, at) / 100) * 100) }
}

const EVERY_MS = 30_000 // aircraft fly on, and closures begin, without a record changing
let asking = false

async function ask(): Promise<void> {
  if (asking || !session.value) return
  if (!standing.value.length) {
    if (reached.value.length) reached.value = []
    return
  }
  asking = true
  const answer = await request<{ items: Reached[] }>('GET', 'closures/reached')
  asking = false
  if (answer.ok) reached.value = answer.value.items
}

/** Ask the server whose way closures lie in, now and whenever that may be different. Returns what ends it. */
export function watchReached(): () => void {
  let soon: ReturnType<typeof setTimeout> | undefined
  const stop = watch(
    [() => standing.value.map((one) => one.id + one.version).join(), () => activeTaskings.value.map((one) => one.id + one.version).join()],
    () => {
      clearTimeout(soon)
      soon = setTimeout(() => void ask(), 300)
    },
    { immediate: true },
  )
  const timer = setInterval(() => void ask(), EVERY_MS)
  return () => {
    stop()
    clearTimeout(soon)
    clearInterval(timer)
  }
}

const TYPED = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})$/

/** "2026-11-24 15:30" as typed, in Beijing time, as an instant; null where it is none. */
export function instantOf(typed: string): string | null {
  const parts = TYPED.exec(typed.trim())
  if (!parts) return null
  const at = new Date(`${parts[1]}T${parts[2]}:00+08:00`)
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}
export function typedOf(at_ms: number): string {
  return new Date(at_ms + 8 * 3600_000).toISOString().slice(0, 16).replace('T', ' ')
}
export function hoursFromNow(hours: number, from: string): string {
  const start = instantOf(from)
  return typedOf((start ? Date.parse(start) : serverNow()) + hours * 3600_000)
}
