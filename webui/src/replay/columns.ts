// Reports out of the archive, as typed arrays in order of time.
import type { HistoryColumns, HistoryWords } from '../gen/protocols/gen/history_pb'
import type { Problem } from '../wire/http'

const NO_POSITION = -(2 ** 31)

export interface Question {
  from_ms: number
  to_ms: number
  step_s: number
  cursor?: string
}

export interface Page {
  rows: Rows
  /** Where to go on; empty at the end. */
  next: string
}

export type Asked = { ok: true; page: Page } | { ok: false; problem: Problem }
/** Asks the archive for one page; answers a problem instead of throwing. An aborted question is answered UNREACHABLE. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Asked>

type Numbers = Float64Array | Float32Array | Int32Array | Uint32Array | Int16Array | Int8Array | Uint8Array
type Maker<T extends Numbers> = { new (buffer: ArrayBuffer): T; BYTES_PER_ELEMENT: number }

const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** A column as it lies in the message, copied: its place there is aligned to nothing. Throws RangeError for a wrong length. */
function column<T extends Numbers>(bytes: Uint8Array, Kind: Maker<T>, rows: number): T {
  if (bytes.length !== rows * Kind.BYTES_PER_ELEMENT) throw new RangeError('a column of another length')
  const copy = bytes.slice()
  if (!LITTLE) {
    const size = Kind.BYTES_PER_ELEMENT
    for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse()
  }
  return new Kind(copy.buffer)
}

class Words {
  private readonly numbers: Uint8Array | Uint16Array | Uint32Array

  constructor(
    private readonly told: HistoryWords,
    rows: number,
  ) {
    const { numbers, width } = told
    const Kind = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array
    this.numbers = column(numbers, Kind as Maker<Uint8Array>, rows)
  }

  /** The word of a row, empty for none. */
  at(row: number): string {
    const number = this.numbers[row]!
    return number ? (this.told.words[number - 1] ?? '') : ''
  }
}

/** Reports in order of time. */
export class Rows {
  readonly count: number
  readonly at_ms: Float64Array
  private readonly order: Uint32Array
  private readonly lonE7: Int32Array
  private readonly latE7: Int32Array
  private readonly numbers: Record<'accuracy' | 'altitude' | 'speed' | 'course' | 'climb', Float32Array>
  private readonly addresses: Uint32Array
  private readonly squawks: Int16Array
  private readonly ground: Int8Array
  private readonly made: Uint8Array
  private readonly words: Record<
    'trackId' | 'source' | 'sourceKind' | 'callsign' | 'altitudeDatum' | 'emergency' | 'category' | 'thingKind',
    Words
  >

  /** Throws RangeError for columns that do not fit together. */
  constructor(told: HistoryColumns) {
    const rows = told.rows
    const words = (one: HistoryWords | undefined): Words => {
      if (!one) throw new RangeError('a column is missing')
      return new Words(one, rows)
    }
    const at = column(told.atMs, Float64Array as Maker<Float64Array>, rows)
    // The server orders by step; within a step a thing's report may be older than its neighbour's.
    this.order = Uint32Array.from(at.keys()).sort((a, b) => at[a]! - at[b]! || a - b)
    this.count = rows
    this.at_ms = Float64Array.from(this.order, (row) => at[row]!)
    this.lonE7 = column(told.lonE7, Int32Array as Maker<Int32Array>, rows)
    this.latE7 = column(told.latE7, Int32Array as Maker<Int32Array>, rows)
    const single = (bytes: Uint8Array): Float32Array => column(bytes, Float32Array as Maker<Float32Array>, rows)
    this.numbers = {
      accuracy: single(told.accuracyM),
      altitude: single(told.altitudeM),
      speed: single(told.groundSpeedMps),
      course: single(told.trackDeg),
      climb: single(told.verticalRateMps),
    }
    this.addresses = column(told.address, Uint32Array as Maker<Uint32Array>, rows)
    this.squawks = column(told.squawk, Int16Array as Maker<Int16Array>, rows)
    this.ground = column(told.onGround, Int8Array as Maker<Int8Array>, rows)
    this.made = column(told.simulated, Uint8Array as Maker<Uint8Array>, rows)
    this.words = {
      trackId: words(told.trackId),
      source: words(told.source),
      sourceKind: words(told.sourceKind),
      callsign: words(told.callsign),
      altitudeDatum: words(told.altitudeDatum),
      emergency: words(told.emergency),
      category: words(told.category),
      thingKind: words(told.thingKind),
    }
  }

  /** Degrees, or nothing where the report has no position. */
  place(at: number): [number, number] | undefined {
    const row = this.order[at]!
    const lon = this.lonE7[row]!
    return lon === NO_POSITION ? undefined : [lon / 1e7, this.latE7[row]! / 1e7]
  }

  /** NaN: not said. */
  number(name: 'accuracy' | 'altitude' | 'speed' | 'course' | 'climb', at: number): number {
    return this.numbers[name][this.order[at]!]!
  }

  word(name: keyof Rows['words'], at: number): string {
    return this.words[name].at(this.order[at]!)
  }

  /** 24 bits, or nothing. */
  address(at: number): number | undefined {
    const address = this.addresses[this.order[at]!]!
    return address === 0xffff_ffff ? undefined : address
  }

  /** Four digits, or empty. */
  squawk(at: number): string {
    const squawk = this.squawks[this.order[at]!]!
    return squawk < 0 ? '' : String(squawk).padStart(4, '0')
  }

  onGround(at: number): boolean | undefined {
    const said = this.ground[this.order[at]!]!
    return said < 0 ? undefined : said === 1
  }

  simulated(at: number): boolean {
    return this.made[this.order[at]!] === 1
  }
}
