// The picture of the air, outside Vue: typed arrays, newest wins. The map reads it each frame, panels once a second.
//
// A thing is known by its number within one run of the server; people and records know it by its 24-bit address or its
// id. Positions between reports are dead reckoning from the last report, bounded by freshness.ts; a new report is
// blended in over BLEND_MS so that a correction does not jump. A stale track stands at its last report.
import { extrapolation_ms, freshnessOf, limitsOf, type Freshness } from './freshness'
import { SourceKind, ThingKind, type Emergency, type TrackLabel, type Tracks, type TrackSource } from '../wire/schema'
import { DATUM_BITS, eachState, ON_GROUND_BIT, SIMULATED_BIT, type State } from '../wire/states'

const M_PER_DEG = 111_195 // of latitude, on the mean sphere
const BLEND_MS = 600
const TRAIL_STEP_MS = 4_000 // 60 of them: four minutes of trail
const TRAIL_POINTS = 60 // CONSOLE §3; the oldest is overwritten
const GHOST_KEEP_MS = 60_000 // a lost track nobody is assigned to stays this much longer, then goes
const START_CAPACITY = 256
const ICAO24 = 'icao24:'
const NO_ADDRESS = -1
export const MAX_TRACKS = 30_000 // beyond it the newest thing is not drawn, and counted in `refused`

export type Affiliation = 'own' | 'partner' | 'civil'

export interface TrackView {
  number: number
  /** What it is selected by: its address where it has one of its own, else its id. */
  key: string
  /** Of its identity, else its key: icao24:780abc, cot:…, jt808:… */
  id: string
  /** 24-bit address as a number, -1 if none. */
  address: number
  icao24: string // six hex digits, empty if none
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
  accuracy_m: number
  callsign: string
  registration: string
  name: string
  squawk: string
  thingKind: ThingKind
  emitterCategory: string
  emergency: Emergency | 0
  source: string
  sourceKind: SourceKind
  /** How many sources hear it. */
  sources: number
  site: string
  onGround: boolean
  simulated: boolean
  doubts: number // bits, protocols/schema/tracks.proto
}

export function icao24Of(address: number): string {
  return address < 0 ? '' : address.toString(16).padStart(6, '0')
}

/** Where a thing was, oldest overwritten. Grows with what is remembered: most things never fill it. */
class Trail {
  private points = new Float32Array(16)
  private next = 0
  count = 0
  at = 0 // of the last point

  push(lon: number, lat: number, at_ms: number): void {
    if (this.next * 2 === this.points.length && this.count < TRAIL_POINTS) {
      const longer = new Float32Array(Math.min(this.points.length * 2, TRAIL_POINTS * 2))
      longer.set(this.points)
      this.points = longer
    }
    if (this.next === TRAIL_POINTS) this.next = 0
    this.points[this.next * 2] = lon
    this.points[this.next * 2 + 1] = lat
    this.next++
    this.count = Math.min(TRAIL_POINTS, this.count + 1)
    this.at = at_ms
  }

  copy(into: Float32Array, at: number): number {
    const first = this.count < TRAIL_POINTS ? 0 : this.next % TRAIL_POINTS
    for (let k = 0; k < this.count; k++) {
      const from = ((first + k) % TRAIL_POINTS) * 2
      into[at + k * 2] = this.points[from]!
      into[at + k * 2 + 1] = this.points[from + 1]!
    }
    return this.count
  }
}

type Column = Float64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array

export class TrackStore {
  count = 0
  refused = 0
  /** Rises with every accepted message; the map redraws when it moves. */
  revision = 0
  readonly sources = new Map<number, TrackSource>()
  private capacity = 0
  private run = 0n
  private readonly slots = new Map<number, number>() // number -> index
  private readonly byAddress = new Map<number, number>() // address -> number
  private readonly byId = new Map<string, number>() // id -> number
  number = new Uint32Array(0)
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
  accuracy = new Float32Array(0)
  private source = new Uint16Array(0)
  private bits = new Uint8Array(0)
  doubts = new Uint8Array(0)
  private lostAt = new Float64Array(0)
  private told = new Uint32Array(0) // revision of the message that last named it
  private readonly labels: (TrackLabel | undefined)[] = []
  private readonly trails: (Trail | undefined)[] = []

  private columns(): Column[] {
    return [
      this.number, this.lon, this.lat, this.fromLon, this.fromLat, this.blendFrom, this.measuredAt, this.cadence,
      this.altitude, this.speed, this.course, this.climb, this.accuracy, this.source, this.bits, this.doubts,
      this.lostAt, this.told,
    ]
  }

  private grow(): void {
    const next = Math.max(START_CAPACITY, this.capacity * 2)
    const copy = <T extends Column>(old: T): T => {
      const Kind = old.constructor as new (length: number) => T
      const fresh = new Kind(next)
      fresh.set(old as never)
      return fresh
    }
    this.number = copy(this.number)
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
    this.accuracy = copy(this.accuracy)
    this.source = copy(this.source)
    this.bits = copy(this.bits)
    this.doubts = copy(this.doubts)
    this.lostAt = copy(this.lostAt)
    this.told = copy(this.told)
    this.capacity = next
  }

  /** Numbers are those of a run of the server: in another one they are somebody else's. */
  begin(run: bigint, now: number): void {
    if (run === this.run) return
    this.run = run
    this.slots.clear()
    this.byAddress.clear()
    this.byId.clear()
    this.sources.clear()
    for (let i = 0; i < this.count; i++) {
      // Last known of the run before, until it is heard again: under a number no thing has.
      this.number[i] = 0xffff_ffff - i
      this.slots.set(this.number[i]!, i)
      const label = this.labels[i]
      if (label) this.index(label, this.number[i]!)
      if (!this.lostAt[i]) this.lostAt[i] = now
    }
    this.revision++
  }

  accept(message: Tracks, at_ms: number): void {
    this.revision++
    const at = Number(message.atUs) / 1000
    for (const source of message.sources) this.sources.set(source.place, source)
    for (const number of message.lost) this.markLost(number, at_ms)
    for (const number of message.left) {
      const i = this.slots.get(number)
      if (i !== undefined) this.remove(i)
    }
    eachState(message.states, (row) => this.one(row, at - row.age_ms, at_ms))
    for (const label of message.labels) this.name(label)
    if (message.whole) {
      for (let i = 0; i < this.count; i++) if (this.told[i] !== this.revision) this.markLost(this.number[i]!, at_ms)
    }
  }

  private one(row: State, measuredAt_ms: number, now: number): void {
    let i = this.slots.get(row.number)
    const fresh = i === undefined
    if (i === undefined) {
      if (this.count >= MAX_TRACKS) {
        this.refused++
        return
      }
      if (this.count >= this.capacity) this.grow()
      i = this.count++
      this.slots.set(row.number, i)
      this.number[i] = row.number
      this.cadence[i] = 0
      this.measuredAt[i] = 0
      this.labels[i] = undefined
      this.trails[i] = undefined
    }
    this.lostAt[i] = 0
    this.told[i] = this.revision
    if (fresh || measuredAt_ms - this.measuredAt[i]! > 50) this.move(i, fresh, row, measuredAt_ms, now)
    this.altitude[i] = row.altitude_m
    this.speed[i] = row.groundSpeed_mps
    this.course[i] = row.track_deg
    this.climb[i] = row.verticalRate_mps
    this.accuracy[i] = row.accuracy_m
    this.source[i] = row.source
    this.bits[i] = row.bits
    this.doubts[i] = row.doubts
  }

  private move(i: number, fresh: boolean, row: State, measuredAt_ms: number, now: number): void {
    this.rememberDrawn(i, fresh, now, row.lon, row.lat)
    if (!fresh) this.learnCadence(i, measuredAt_ms - this.measuredAt[i]!)
    this.lon[i] = row.lon
    this.lat[i] = row.lat
    this.measuredAt[i] = measuredAt_ms
    const trail = (this.trails[i] ??= new Trail())
    if (fresh || measuredAt_ms - trail.at >= TRAIL_STEP_MS) trail.push(row.lon, row.lat, measuredAt_ms)
  }

  private name(label: TrackLabel): void {
    const i = this.slots.get(label.number)
    if (i === undefined) return
    const before = this.labels[i]
    if (before) this.unindex(before, label.number)
    const known = this.find(label.id || icao24Of(label.address ?? NO_ADDRESS))
    if (known !== undefined && known !== i && this.number[known] !== label.number) {
      // Last known of an earlier run, or under the number it had before.
      if (this.lostAt[known]) this.remove(known)
    }
    const here = this.slots.get(label.number)!
    this.labels[here] = label
    this.index(label, label.number)
  }

  private index(label: TrackLabel, number: number): void {
    // The other one with an address has it too, but an id of its own (icao24:….2): the address is the first one's.
    const { address, id } = label
    if (address !== undefined && !id.startsWith(ICAO24)) this.byAddress.set(address, number)
    if (id) this.byId.set(id, number)
  }

  private unindex(label: TrackLabel, number: number): void {
    if (label.address !== undefined && this.byAddress.get(label.address) === number) this.byAddress.delete(label.address)
    if (label.id && this.byId.get(label.id) === number) this.byId.delete(label.id)
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

  private markLost(number: number, now: number): void {
    const i = this.slots.get(number)
    if (i !== undefined && !this.lostAt[i]) this.lostAt[i] = now
  }

  /** Drop what nobody needs: lost long enough, and not among the addresses `kept` (aircraft on a tasking never vanish). */
  sweep(now: number, kept: ReadonlySet<number>): void {
    for (let i = this.count - 1; i >= 0; i--) {
      if (kept.has(this.address(i))) continue
      const gone = this.lostAt[i]! > 0 && now - this.lostAt[i]! > GHOST_KEEP_MS
      const silent = now - this.measuredAt[i]! > this.limits(i).lost_ms + GHOST_KEEP_MS
      const outOfView = this.lostAt[i]! > 0 && now - this.measuredAt[i]! < this.limits(i).stale_ms
      if (gone || silent || outOfView) this.remove(i)
    }
  }

  private remove(i: number): void {
    const number = this.number[i]!
    const label = this.labels[i]
    if (label) this.unindex(label, number)
    const last = --this.count
    this.slots.delete(number)
    if (i !== last) {
      for (const column of this.columns()) column[i] = column[last]!
      this.labels[i] = this.labels[last]
      this.trails[i] = this.trails[last]
      this.slots.set(this.number[i]!, i)
    }
    this.labels.length = this.trails.length = last
    this.revision++
  }

  clear(): void {
    this.count = 0
    this.run = 0n
    this.slots.clear()
    this.byAddress.clear()
    this.byId.clear()
    this.sources.clear()
    this.labels.length = this.trails.length = 0
    this.revision++
  }

  /** Where a thing is in the columns, by its number. */
  indexOf(number: number): number | undefined {
    return this.slots.get(number)
  }

  indexOfAddress(address: number): number | undefined {
    const number = this.byAddress.get(address)
    return number === undefined ? undefined : this.slots.get(number)
  }

  /** By what people and records call it: six hex digits of its address, its id, or the id of a record of the fleet. */
  find(key: string): number | undefined {
    if (!key) return undefined
    if (/^[0-9a-f]{6}$/.test(key)) return this.indexOfAddress(parseInt(key, 16))
    const number = this.byId.get(key) ?? this.byId.get(`registration:${key}`)
    return number === undefined ? undefined : this.slots.get(number)
  }

  address(i: number): number {
    return this.labels[i]?.address ?? NO_ADDRESS
  }

  label(i: number): TrackLabel | undefined {
    return this.labels[i]
  }

  id(i: number): string {
    const label = this.labels[i]
    if (!label) return `#${this.number[i]}`
    return label.id || ICAO24 + icao24Of(this.address(i))
  }

  /** What it is selected by. */
  key(i: number): string {
    const address = this.address(i)
    return address >= 0 && this.byAddress.get(address) === this.number[i] ? icao24Of(address) : this.id(i)
  }

  sourceKind(i: number): SourceKind {
    return this.sources.get(this.source[i]!)?.kind ?? SourceKind.ADSB
  }

  sourceName(i: number): string {
    return this.sources.get(this.source[i]!)?.name ?? ''
  }

  /** The partner it comes from, or nothing. */
  site(i: number): string {
    return this.sourceKind(i) === SourceKind.PARTNER ? this.sourceName(i) : ''
  }

  simulated(i: number): boolean {
    return (this.bits[i]! & SIMULATED_BIT) !== 0
  }

  onGround(i: number): boolean {
    return (this.bits[i]! & ON_GROUND_BIT) !== 0
  }

  /** How it calls itself, or is called; empty while nothing is known. */
  called(i: number): string {
    const label = this.labels[i]
    if (!label) return ''
    return label.name || label.callsign.trim() || label.registration || icao24Of(this.address(i)).toUpperCase() || label.id
  }

  limits(i: number) {
    return limitsOf(this.sourceKind(i))
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

  trailCount(i: number): number {
    return this.trails[i]?.count ?? 0
  }

  /** Writes the trail, oldest first, into `into` at `at` (pairs); answers how many points. */
  copyTrail(i: number, into: Float32Array, at: number): number {
    return this.trails[i]?.copy(into, at) ?? 0
  }

  view(key: string, now: number): TrackView | undefined {
    const i = this.find(key)
    return i === undefined ? undefined : this.viewAt(i, now)
  }

  viewAt(i: number, now: number): TrackView {
    const label = this.labels[i]
    const [lon, lat] = this.drawn(i, now)
    return {
      number: this.number[i]!,
      key: this.key(i),
      id: this.id(i),
      address: this.address(i),
      icao24: icao24Of(this.address(i)),
      lon,
      lat,
      reportedLon: this.lon[i]!,
      reportedLat: this.lat[i]!,
      age_ms: this.age_ms(i, now),
      measuredAt_ms: this.measuredAt[i]!,
      freshness: this.freshness(i, now),
      altitude_m: this.altitude[i]!,
      altitudeDatum: this.bits[i]! & DATUM_BITS,
      groundSpeed_mps: this.speed[i]!,
      track_deg: this.course[i]!,
      verticalRate_mps: this.climb[i]!,
      accuracy_m: this.accuracy[i]!,
      callsign: label?.callsign ?? '',
      registration: label?.registration ?? '',
      name: label?.name ?? '',
      squawk: label?.squawk ?? '',
      thingKind: label?.kind ?? ThingKind.UNSPECIFIED,
      emitterCategory: label?.emitterCategory ?? '',
      emergency: label?.emergency ?? 0,
      source: this.sourceName(i),
      sourceKind: this.sourceKind(i),
      sources: label?.sources ?? 1,
      site: this.site(i),
      onGround: this.onGround(i),
      simulated: this.simulated(i),
      doubts: this.doubts[i]!,
    }
  }

  all(now: number): TrackView[] {
    return Array.from({ length: this.count }, (_, i) => this.viewAt(i, now))
  }
}
