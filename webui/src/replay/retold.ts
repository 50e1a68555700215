// The archive's reports told to a track store as a live server would tell them: states with ages, labels when they
// change. What a thing said earlier stays said until it says otherwise.
import { create } from '@bufbuild/protobuf'
import type { TrackStore } from '../state/tracks'
import {
  AltitudeDatum,
  Emergency,
  SourceKind,
  ThingKind,
  TrackLabelSchema,
  TracksSchema,
  TrackSourceSchema,
  type TrackLabel,
  type TrackSource,
} from '../wire/schema'
import { ON_GROUND_BIT, NO_VALUE, SIMULATED_BIT, STATE_BYTES } from '../wire/states'
import type { Rows } from './columns'

interface Known {
  number: number
  lon: number
  lat: number
  placedAt_ms: number // NaN: no position yet
  accuracy: number
  altitude: number
  datum: number
  speed: number
  course: number
  climb: number
  onGround: boolean
  simulated: boolean
  source: number
  label: TrackLabel
  told: boolean // whether the label is with the store
}

const NO_RATE = -0x8000
const ADDRESS_KEY = /^icao24:([0-9a-f]{6})$/

/** A closed vocabulary's word on the wire; 0 where this page does not know it. */
function coded(table: Record<string, string | number>, word: string): number {
  const value = word ? table[word.toUpperCase()] : 0
  return typeof value === 'number' ? value : 0
}

function hundredths(value: number): number {
  return Number.isFinite(value) ? Math.min(NO_VALUE - 1, Math.max(0, Math.round(value * 100))) : NO_VALUE
}

export class Retold {
  private readonly things = new Map<string, Known>()
  private readonly places = new Map<string, number>()
  private readonly sources: TrackSource[] = []

  constructor(private readonly store: TrackStore) {}

  get size(): number {
    return this.things.size
  }

  /** Nothing is known any more. */
  forget(): void {
    this.things.clear()
    this.store.clear()
  }

  /** Tell the store rows from `begin` that were made until `now_ms`; answers where to go on. */
  tell(rows: Rows, begin: number, now_ms: number): number {
    const changed = new Set<Known>()
    let at = begin
    for (; at < rows.count && rows.at_ms[at]! <= now_ms; at++) changed.add(this.hear(rows, at))
    this.say(changed, now_ms)
    return at
  }

  private hear(rows: Rows, at: number): Known {
    const id = rows.word('trackId', at)
    const known = this.things.get(id) ?? this.begin(id)
    const place = rows.place(at)
    if (place && !(rows.at_ms[at]! < known.placedAt_ms)) {
      known.lon = place[0]
      known.lat = place[1]
      known.placedAt_ms = rows.at_ms[at]!
      known.accuracy = rows.number('accuracy', at)
      known.source = this.placeOf(rows.word('source', at), rows.word('sourceKind', at))
      known.simulated = rows.simulated(at)
    }
    const altitude = rows.number('altitude', at)
    if (Number.isFinite(altitude)) {
      known.altitude = altitude
      known.datum = coded(AltitudeDatum, rows.word('altitudeDatum', at))
    }
    for (const name of ['speed', 'course', 'climb'] as const) {
      const said = rows.number(name, at)
      if (Number.isFinite(said)) known[name] = said
    }
    known.onGround = rows.onGround(at) ?? known.onGround
    this.relabel(known, rows, at)
    return known
  }

  private begin(id: string): Known {
    const number = this.things.size + 1
    const address = ADDRESS_KEY.exec(id)
    const label = create(TrackLabelSchema, { number, id, sources: 1 })
    if (address) {
      label.id = ''
      label.address = parseInt(address[1]!, 16)
    }
    const known: Known = {
      number,
      lon: NaN,
      lat: NaN,
      placedAt_ms: NaN,
      accuracy: NaN,
      altitude: NaN,
      datum: 0,
      speed: NaN,
      course: NaN,
      climb: NaN,
      onGround: false,
      simulated: false,
      source: 0,
      label,
      told: false,
    }
    this.things.set(id, known)
    return known
  }

  private relabel(known: Known, rows: Rows, at: number): void {
    const { label } = known
    const next = {
      address: label.address ?? rows.address(at),
      callsign: rows.word('callsign', at) || label.callsign,
      squawk: rows.squawk(at) || label.squawk,
      kind: coded(ThingKind, rows.word('thingKind', at)) || label.kind,
      emergency: coded(Emergency, rows.word('emergency', at)) || label.emergency,
      emitterCategory: rows.word('category', at) || label.emitterCategory,
    }
    const same = (Object.keys(next) as (keyof typeof next)[]).every((name) => next[name] === label[name])
    if (same) return
    known.label = create(TrackLabelSchema, { ...label, ...next })
    known.told = false
  }

  private placeOf(name: string, kind: string): number {
    const key = `${kind}/${name}`
    let place = this.places.get(key)
    if (place === undefined) {
      place = this.places.size
      this.places.set(key, place)
      this.sources.push(create(TrackSourceSchema, { place, name, kind: coded(SourceKind, kind) }))
    }
    return place
  }

  private say(changed: ReadonlySet<Known>, now_ms: number): void {
    const placed = [...changed].filter((known) => Number.isFinite(known.placedAt_ms))
    if (!placed.length) return
    const states = new Uint8Array(placed.length * STATE_BYTES)
    const view = new DataView(states.buffer)
    placed.forEach((known, i) => write(view, i * STATE_BYTES, known, now_ms))
    const labels = placed.filter((known) => !known.told).map((known) => known.label)
    for (const known of placed) known.told = true
    const atUs = BigInt(Math.round(now_ms)) * 1000n
    this.store.accept(create(TracksSchema, { atUs, states, labels, sources: this.sources }), now_ms)
  }
}

function write(view: DataView, at: number, known: Known, now_ms: number): void {
  view.setUint32(at, known.number, true)
  view.setInt32(at + 4, Math.round(known.lon * 1e7), true)
  view.setInt32(at + 8, Math.round(known.lat * 1e7), true)
  view.setUint32(at + 12, Math.max(0, Math.round(now_ms - known.placedAt_ms)), true)
  view.setFloat32(at + 16, known.altitude, true)
  view.setUint16(at + 20, hundredths(known.speed), true)
  view.setUint16(at + 22, hundredths(known.course), true)
  view.setInt16(at + 24, Number.isFinite(known.climb) ? Math.round(Math.max(-300, Math.min(300, known.climb)) * 100) : NO_RATE, true)
  view.setUint16(at + 26, Number.isFinite(known.accuracy) ? Math.min(NO_VALUE - 1, Math.round(known.accuracy)) : NO_VALUE, true)
  view.setUint16(at + 28, known.source, true)
  view.setUint8(at + 30, known.datum | (known.onGround ? ON_GROUND_BIT : 0) | (known.simulated ? SIMULATED_BIT : 0))
  view.setUint8(at + 31, 0)
}
