// The picture of the air, outside Vue: typed arrays, newest wins. The map reads it each frame, panels once a second.
//
// Positions between reports are dead reckoning from the last report, bounded by freshness.ts; a new report is
// blended in over BLEND_MS so that a correction does not jump. A stale track stands at its last report.
import { extrapolation_ms, freshnessOf, limitsOf, type Freshness } from './freshness'
import type { SourceKind, Track, Tracks } from '../wire/schema'

const M_PER_DEG = 111_195 // of latitude, on the mean sphere
const BLEND_MS = 600
const TRAIL_STEP_MS = 4_000 // 60 of them: four minutes of trail
const TRAIL_POINTS = 60 // CONSOLE §3; the oldest is overwritten
const GHOST_KEEP_MS = 60_000 // a lost track nobody is assigned to stays this much longer, then goes
const START_CAPACITY = 256
export const MAX_TRACKS = 12_000 // beyond it the newest address is not drawn, and counted in `refused`

export type Affiliation = 'own' | 'partner' | 'civil'

export interface TrackView {
  address: number
  icao24: string
  lon: number
  lat: number
  reportedLon: number
  reportedLat: number
  age_ms: number
  measuredAt_ms: number
  freshness: Freshness
  altitude_m: number
  altitudeDatum: number
  groundSpeed_mps: number
  track_deg: number
  verticalRate_mps: number
  callsign: string
  squawk: string
  source: string
  site: string
  onGround: boolean
  simulated: boolean
  sourceKind: SourceKind
}

export function icao24Of(address: number): string {
  return address.toString(16).padStart(6, '0')
}

export class TrackStore {
  count = 0
  refused = 0
  /** Rises with every accepted message; the map redraws when it moves. */
  revision = 0
  private capacity = 0
  private readonly slots = new Map<number, number>()
  address = new Uint32Array(0)
  lon = new Float64Array(0)
  lat = new Float64Array(0)
  private fromLon = new Float64Array(0)
  private fromLat = new Float64Array(0)
  private blendFrom = new Float64Array(0)
  measuredAt = new Float64Array(0)
  cadence = new Float32Array(0)
  altitude = new Float32Array(0)
  speed = new Float32Array(0)
  course = new Float32Array(0)
  climb = new Float32Array(0)
  private trail = new Float32Array(0)
  trailCount = new Uint8Array(0)
  private trailNext = new Uint8Array(0)
  latest: Track[] = []
  private lostAt = new Float64Array(0)
  private trailAt = new Float64Array(0)

  private grow(): void {
    const next = Math.max(START_CAPACITY, this.capacity * 2)
    const copy = <T extends Float64Array | Float32Array | Uint32Array | Uint8Array>(old: T, wide = 1): T => {
      const Kind = old.constructor as new (length: number) => T
      const fresh = new Kind(next * wide)
      fresh.set(old as never)
      return fresh
    }
    this.address = copy(this.address)
    this.lon = copy(this.lon)
    this.lat = copy(this.lat)
    this.fromLon = copy(this.fromLon)
    this.fromLat = copy(this.fromLat)
    this.blendFrom = copy(this.blendFrom)
    this.measuredAt = copy(this.measuredAt)
    this.cadence = copy(this.cadence)
    this.altitude = copy(this.altitude)
    this.speed = copy(this.speed)
    this.course = copy(this.course)
    this.climb = copy(this.climb)
    this.trail = copy(this.trail, TRAIL_POINTS * 2)
    this.trailCount = copy(this.trailCount)
    this.trailNext = copy(this.trailNext)
    this.lostAt = copy(this.lostAt)
    this.trailAt = copy(this.trailAt)
    this.capacity = next
  }

  accept(message: Tracks, at_ms: number): void {
    const seen = message.whole ? new Set<number>() : undefined
    for (const track of message.tracks) {
      this.one(track, Number(message.atUs) / 1000 - track.ageMs, at_ms)
      seen?.add(track.address)
    }
    for (const address of message.lost) this.markLost(address, at_ms)
    if (seen) {
      for (let i = 0; i < this.count; i++) if (!seen.has(this.address[i]!)) this.markLost(this.address[i]!, at_ms)
    }
    this.revision++
  }

  private one(track: Track, measuredAt_ms: number, now: number): void {
    let i = this.slots.get(track.address)
    const fresh = i === undefined
    if (i === undefined) {
      if (this.count >= MAX_TRACKS) {
        this.refused++
        return
      }
      if (this.count >= this.capacity) this.grow()
      i = this.count++
      this.slots.set(track.address, i)
      this.address[i] = track.address
      this.cadence[i] = 0
      this.trailCount[i] = 0
      this.trailNext[i] = 0
      this.measuredAt[i] = 0
    }
    this.lostAt[i] = 0
    const lon = track.lonE7 / 1e7
    const lat = track.latE7 / 1e7
    const moved = fresh || measuredAt_ms - this.measuredAt[i]! > 50
    if (moved) {
      this.rememberDrawn(i, fresh, now, lon, lat)
      if (!fresh) this.learnCadence(i, measuredAt_ms - this.measuredAt[i]!)
      this.lon[i] = lon
      this.lat[i] = lat
      this.measuredAt[i] = measuredAt_ms
      if (fresh || measuredAt_ms - this.trailAt[i]! >= TRAIL_STEP_MS) {
        this.pushTrail(i, lon, lat)
        this.trailAt[i] = measuredAt_ms
      }
    }
    this.altitude[i] = track.altitudeM ?? NaN
    this.speed[i] = track.groundSpeedMps ?? NaN
    this.course[i] = track.trackDeg ?? NaN
    this.climb[i] = track.verticalRateMps ?? NaN
    this.latest[i] = track
  }

  private learnCadence(i: number, gap_ms: number): void {
    const bounded = Math.min(Math.max(gap_ms, 100), 30_000)
    this.cadence[i] = this.cadence[i] ? this.cadence[i]! * 0.7 + bounded * 0.3 : bounded
  }

  private rememberDrawn(i: number, fresh: boolean, now: number, lon: number, lat: number): void {
    if (fresh) {
      this.fromLon[i] = lon
      this.fromLat[i] = lat
      this.blendFrom[i] = 0
      return
    }
    const drawn = this.drawn(i, now)
    this.fromLon[i] = drawn[0]
    this.fromLat[i] = drawn[1]
    this.blendFrom[i] = now
  }

  private pushTrail(i: number, lon: number, lat: number): void {
    const at = (i * TRAIL_POINTS + this.trailNext[i]!) * 2
    this.trail[at] = lon
    this.trail[at + 1] = lat
    this.trailNext[i] = (this.trailNext[i]! + 1) % TRAIL_POINTS
    this.trailCount[i] = Math.min(TRAIL_POINTS, this.trailCount[i]! + 1)
  }

  private markLost(address: number, now: number): void {
    const i = this.slots.get(address)
    if (i !== undefined && !this.lostAt[i]) this.lostAt[i] = now
  }

  /** Drop what nobody needs: lost long enough, and not among `kept` (aircraft on a tasking never vanish). */
  sweep(now: number, kept: ReadonlySet<number>): void {
    for (let i = this.count - 1; i >= 0; i--) {
      if (kept.has(this.address[i]!)) continue
      const gone = this.lostAt[i]! > 0 && now - this.lostAt[i]! > GHOST_KEEP_MS
      const silent = now - this.measuredAt[i]! > this.limits(i).lost_ms + GHOST_KEEP_MS
      const outOfView = this.lostAt[i]! > 0 && now - this.measuredAt[i]! < this.limits(i).stale_ms
      if (gone || silent || outOfView) this.remove(i)
    }
  }

  private remove(i: number): void {
    const last = --this.count
    this.slots.delete(this.address[i]!)
    if (i !== last) {
      for (const column of [
        this.address, this.lon, this.lat, this.fromLon, this.fromLat, this.blendFrom, this.measuredAt, this.cadence,
        this.altitude, this.speed, this.course, this.climb, this.trailCount, this.trailNext, this.lostAt, this.trailAt,
      ])
        column[i] = column[last]!
      this.trail.copyWithin(i * TRAIL_POINTS * 2, last * TRAIL_POINTS * 2, (last + 1) * TRAIL_POINTS * 2)
      this.latest[i] = this.latest[last]!
      this.slots.set(this.address[i]!, i)
    }
    this.latest.length = last
    this.revision++
  }

  clear(): void {
    this.count = 0
    this.slots.clear()
    this.latest.length = 0
    this.revision++
  }

  indexOf(address: number): number | undefined {
    return this.slots.get(address)
  }

  limits(i: number) {
    return limitsOf(this.latest[i]!.sourceKind)
  }

  age_ms(i: number, now: number): number {
    return Math.max(0, now - this.measuredAt[i]!)
  }

  freshness(i: number, now: number): Freshness {
    return freshnessOf(this.age_ms(i, now), this.limits(i))
  }

  /** Where to draw it now. */
  drawn(i: number, now: number): [number, number] {
    const ahead = extrapolation_ms(this.age_ms(i, now), this.cadence[i]!, this.limits(i)) / 1000
    let lon = this.lon[i]!
    let lat = this.lat[i]!
    const speed = this.speed[i]!
    const course = this.course[i]!
    if (ahead > 0 && Number.isFinite(speed) && Number.isFinite(course)) {
      const metres = (speed * ahead) / M_PER_DEG
      const rad = (course * Math.PI) / 180
      lat += metres * Math.cos(rad)
      lon += (metres * Math.sin(rad)) / Math.cos((lat * Math.PI) / 180)
    }
    const blend = this.blendFrom[i] ? Math.min(1, (now - this.blendFrom[i]!) / BLEND_MS) : 1
    if (blend < 1 && ahead > 0) {
      lon = this.fromLon[i]! + (lon - this.fromLon[i]!) * blend
      lat = this.fromLat[i]! + (lat - this.fromLat[i]!) * blend
    }
    return [lon, lat]
  }

  /** Writes the trail, oldest first, into `into` at `at` (pairs); answers how many points. */
  copyTrail(i: number, into: Float32Array, at: number): number {
    const n = this.trailCount[i]!
    const first = n < TRAIL_POINTS ? 0 : this.trailNext[i]!
    for (let k = 0; k < n; k++) {
      const from = (i * TRAIL_POINTS + ((first + k) % TRAIL_POINTS)) * 2
      into[at + k * 2] = this.trail[from]!
      into[at + k * 2 + 1] = this.trail[from + 1]!
    }
    return n
  }

  view(address: number, now: number): TrackView | undefined {
    const i = this.slots.get(address)
    return i === undefined ? undefined : this.viewAt(i, now)
  }

  viewAt(i: number, now: number): TrackView {
    const track = this.latest[i]!
    const [lon, lat] = this.drawn(i, now)
    return {
      address: track.address,
      icao24: icao24Of(track.address),
      lon,
      lat,
      reportedLon: this.lon[i]!,
      reportedLat: this.lat[i]!,
      age_ms: this.age_ms(i, now),
      measuredAt_ms: this.measuredAt[i]!,
      freshness: this.freshness(i, now),
      altitude_m: this.altitude[i]!,
      altitudeDatum: track.datum,
      groundSpeed_mps: this.speed[i]!,
      track_deg: this.course[i]!,
      verticalRate_mps: this.climb[i]!,
      callsign: track.callsign,
      squawk: track.squawk,
      source: track.source,
      site: track.site,
      onGround: track.onGround,
      simulated: track.simulated,
      sourceKind: track.sourceKind,
    }
  }

  all(now: number): TrackView[] {
    return Array.from({ length: this.count }, (_, i) => this.viewAt(i, now))
  }
}
