// Rows of Tracks.states: 32 bytes a thing, little-endian, laid out as protocols/schema/tracks.proto says.
// A DataView reads them where they lie, whatever their alignment and the machine's byte order.
export const STATE_BYTES = 32
export const NO_VALUE = 0xffff
const NO_RATE = -0x8000

export interface State {
  number: number
  lon: number
  lat: number
  age_ms: number
  altitude_m: number // NaN: unknown, here and below
  groundSpeed_mps: number
  track_deg: number
  verticalRate_mps: number
  accuracy_m: number
  source: number
  bits: number
  doubts: number
}

export const DATUM_BITS = 0b111
export const ON_GROUND_BIT = 1 << 3
export const SIMULATED_BIT = 1 << 4

const hundredths = (value: number): number => (value === NO_VALUE ? NaN : value / 100)

/** Calls `each` with one row after the other, in one object that is used again. A cut row is not a row. */
export function eachState(states: Uint8Array, each: (row: State) => void): void {
  const view = new DataView(states.buffer, states.byteOffset, states.byteLength)
  const row = {} as State
  for (let at = 0; at + STATE_BYTES <= states.byteLength; at += STATE_BYTES) {
    row.number = view.getUint32(at, true)
    row.lon = view.getInt32(at + 4, true) / 1e7
    row.lat = view.getInt32(at + 8, true) / 1e7
    row.age_ms = view.getUint32(at + 12, true)
    row.altitude_m = view.getFloat32(at + 16, true)
    row.groundSpeed_mps = hundredths(view.getUint16(at + 20, true))
    row.track_deg = hundredths(view.getUint16(at + 22, true))
    const rate = view.getInt16(at + 24, true)
    row.verticalRate_mps = rate === NO_RATE ? NaN : rate / 100
    const accuracy = view.getUint16(at + 26, true)
    row.accuracy_m = accuracy === NO_VALUE ? NaN : accuracy
    row.source = view.getUint16(at + 28, true)
    row.bits = view.getUint8(at + 30)
    row.doubts = view.getUint8(at + 31)
    each(row)
  }
}
