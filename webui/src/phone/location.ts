// «位置上报»: this phone's own position, only while the crew has switched it on.
//
// On the move the receiver runs and a position goes out every 5 s; at rest it is asked every 30 s and may sleep in
// between. Without a link positions are kept (state/track_log.ts) and go out later marked as backfill, oldest first.
// A browser stops all this while the page is hidden or the screen is off: the age of the last report says so.
import { computed, ref, shallowRef, watch } from 'vue'
import { now_ms, serverNow } from '../state/clock'
import { session } from '../state/session'
import { due, moves, STILL_AFTER_MS, TrackLog, type Point } from '../state/track_log'
import { site, socketOpen } from '../state/world'
import { request, type Problem } from '../wire/http'

export type Datum = 'wgs84' | 'gcj02'
export type Trouble = '' | 'insecure' | 'unsupported' | 'denied' | 'no_fix'

const BATCH = 100 // the door's bound
const POLL_MS = 30_000
const FIX_TIMEOUT_MS = 27_000
const SAVE_EVERY_MS = 30_000
const RETRY_MS = 10_000
const DATUM_KEY = 'ganying.datum'

export const reporting = ref(false)
export const trouble = ref<Trouble>('')
/** Server time at which the newest position that the server has was taken in. */
export const sentAt_ms = ref(NaN)
export const verdict = ref('')
export const problem = shallowRef<Problem | null>(null)
export const lastPoint = shallowRef<Point | null>(null)
export const moving = ref(true)
export const kept = ref(0)
/** The last try to send did not reach the server. */
export const failing = ref(false)
/** What this browser's positions refer to. W3C Geolocation says WGS-84; some Chinese phone browsers give GCJ-02. */
export const datum = ref<Datum>(localStorage.getItem(DATUM_KEY) === 'gcj02' ? 'gcj02' : 'wgs84')

export const sentAge_ms = computed(() => now_ms.value - sentAt_ms.value)

let log: TrackLog | undefined
let watchId: number | undefined
let pollTimer: ReturnType<typeof setTimeout> | undefined
let lastFix: Point | undefined
let lastKept: Point | undefined
let movedAt_ms = 0
let savedAt_ms = 0
let holdUntil_ms = 0 // local clock
let busy = false

const switchKey = (): string => `ganying.reporting.${session.value?.account ?? ''}`

export function setDatum(to: Datum): void {
  datum.value = to
  localStorage.setItem(DATUM_KEY, to)
}

/** Goes on as the crew left it before a reload. */
export function openLocation(): void {
  if (!session.value) return
  log = new TrackLog(localStorage, session.value.account)
  kept.value = log.points.length
  void pump()
  if (localStorage.getItem(switchKey()) === 'on') switchOn()
}

export function switchOn(): void {
  problem.value = null
  trouble.value = ''
  if (!isSecureContext) trouble.value = 'insecure'
  else if (!('geolocation' in navigator)) trouble.value = 'unsupported'
  if (trouble.value) return
  reporting.value = true
  localStorage.setItem(switchKey(), 'on')
  movedAt_ms = Date.now()
  moving.value = true
  lastFix = undefined
  lastKept = log?.points.at(-1) // a browser's first fix may be an older one that it kept
  startWatching()
}

export function switchOff(): void {
  reporting.value = false
  localStorage.removeItem(switchKey())
  stopWatching()
  lastPoint.value = null
  log?.save()
}

/** Signing out: nothing of the person stays. */
export function forgetLocation(): void {
  switchOff()
  log?.clear()
  kept.value = 0
}

function stopWatching(): void {
  if (watchId !== undefined) navigator.geolocation.clearWatch(watchId)
  watchId = undefined
  clearTimeout(pollTimer)
  pollTimer = undefined
}

function startWatching(): void {
  stopWatching()
  watchId = navigator.geolocation.watchPosition(heard, failed, { enableHighAccuracy: true, maximumAge: 4_000, timeout: FIX_TIMEOUT_MS })
  // A browser calls back only when something changed: one that stands is asked.
  pollTimer = setTimeout(poll, POLL_MS)
}

function poll(): void {
  clearTimeout(pollTimer)
  if (!reporting.value) return
  navigator.geolocation.getCurrentPosition(heard, failed, { enableHighAccuracy: true, maximumAge: 10_000, timeout: FIX_TIMEOUT_MS })
  pollTimer = setTimeout(poll, POLL_MS)
}

function failed(error: GeolocationPositionError): void {
  trouble.value = error.code === error.PERMISSION_DENIED ? 'denied' : 'no_fix'
  if (trouble.value === 'denied') switchOff()
}

const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null)

/** A fix's own time, carried to the server's clock; a receiver whose clock is minutes off is dated on arrival. */
function fixTime_ms(stamp: number): number {
  const age = Date.now() - stamp
  return age >= -1_000 && age <= 60_000 ? serverNow() - age : serverNow()
}

function heard(fix: GeolocationPosition): void {
  if (!reporting.value || !log) return
  trouble.value = ''
  const { coords } = fix
  const point: Point = {
    at_ms: fixTime_ms(fix.timestamp),
    lon: coords.longitude,
    lat: coords.latitude,
    datum: datum.value,
    accuracy_m: finite(coords.accuracy),
    altitude_m: finite(coords.altitude),
    speed_mps: finite(coords.speed),
    course_deg: finite(coords.heading),
    late: false,
  }
  const before = moving.value
  const now = moves(lastFix, point)
  if (now) movedAt_ms = Date.now()
  // It stands only after a while: a helicopter turning into the hover must not go quiet at once.
  moving.value = now || Date.now() - movedAt_ms < STILL_AFTER_MS
  lastFix = point
  lastPoint.value = point
  if (moving.value && watchId === undefined) startWatching()
  if (!moving.value && watchId !== undefined) {
    navigator.geolocation.clearWatch(watchId)
    watchId = undefined
  }
  if (!due(lastKept, point, moving.value, before)) return
  lastKept = point
  log.add(point)
  kept.value = log.points.length
  void pump()
}

function bodyOf(one: Point): Record<string, unknown> {
  const body: Record<string, unknown> = {
    position: { lon_deg: one.lon, lat_deg: one.lat },
    datum: one.datum,
    observed_at: new Date(one.at_ms).toISOString(),
    thing_kind: 'team',
  }
  if (one.accuracy_m) body['accuracy_m'] = Math.min(100_000, one.accuracy_m) // W3C: metres, 95 % confidence
  if (one.altitude_m !== null && one.altitude_m >= -500 && one.altitude_m <= 20_000) {
    body['altitude_m'] = one.altitude_m
    body['altitude_datum'] = 'ellipsoid' // W3C: above the WGS-84 ellipsoid
  }
  if (one.speed_mps !== null && one.speed_mps >= 0 && one.speed_mps <= 400) body['ground_speed_mps'] = one.speed_mps
  if (one.course_deg !== null && one.course_deg >= 0 && one.course_deg <= 360) body['track_deg'] = one.course_deg
  if (one.late) body['backfill'] = true
  if (site.value?.demonstration) body['simulated'] = true
  return body
}

interface Judged {
  key: string
  verdict: string
}

async function pump(): Promise<void> {
  if (busy || !log || !session.value) return
  busy = true
  try {
    while (log.points.length && Date.now() >= holdUntil_ms) {
      if (!(await send(log, log.first(BATCH)))) break
    }
  } finally {
    busy = false
    kept.value = log?.points.length ?? 0
    if (log && (Date.now() - savedAt_ms > SAVE_EVERY_MS || !log.points.length)) {
      savedAt_ms = Date.now()
      log.save()
    }
  }
}

/** True: go on with what is left. */
async function send(box: TrackLog, points: Point[]): Promise<boolean> {
  const answer =
    points.length === 1
      ? await request<Judged>('POST', 'positions', bodyOf(points[0]!))
      : await request<{ items: Judged[] }>('POST', 'positions/batch', { reports: points.map(bodyOf) })
  if (answer.ok) {
    box.sent(points)
    const judged = 'items' in answer.value ? answer.value.items : [answer.value]
    verdict.value = judged.at(-1)?.verdict ?? ''
    sentAt_ms.value = serverNow()
    problem.value = null
    failing.value = false
    return true
  }
  const { code } = answer.problem
  if (code === 'UNREACHABLE' || code === 'BUSY' || code === 'NOT_STORED' || code === 'TOO_MANY' || code === 'UNAUTHENTICATED') {
    box.markLate()
    failing.value = true
    holdUntil_ms = Date.now() + RETRY_MS
    if (code !== 'UNAUTHENTICATED') setTimeout(() => void pump(), RETRY_MS)
    if (code === 'TOO_MANY') problem.value = answer.problem
    return false
  }
  problem.value = answer.problem
  if (code === 'FORBIDDEN') switchOff()
  box.sent(points) // refused for what they are: they would be refused again
  return code !== 'FORBIDDEN'
}

function wake(): void {
  holdUntil_ms = 0
  void pump()
}
watch(socketOpen, (open) => open && wake())
addEventListener('online', wake)
addEventListener('pagehide', () => log?.save())
addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') log?.save()
  else if (reporting.value) {
    startWatching()
    poll()
  }
})
