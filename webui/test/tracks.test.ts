import { create } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { MAX_TRACKS, TrackStore } from '../src/state/tracks'
import { SourceKind, ThingKind, TracksSchema } from '../src/wire/schema'
import { eachState, STATE_BYTES, type State } from '../src/wire/states'

const EPOCH = 1_800_000_000_000

interface Row {
  number: number
  lon: number
  age_ms?: number
  speed?: number
  bits?: number
}

/** Rows as the server writes them, at an odd offset: a message's bytes lie anywhere in its buffer. */
function states(rows: Row[]): Uint8Array {
  const bytes = new Uint8Array(rows.length * STATE_BYTES + 3).subarray(3)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  rows.forEach((row, i) => {
    const at = i * STATE_BYTES
    view.setUint32(at, row.number, true)
    view.setInt32(at + 4, Math.round(row.lon * 1e7), true)
    view.setInt32(at + 8, 285_000_000, true)
    view.setUint32(at + 12, row.age_ms ?? 0, true)
    view.setFloat32(at + 16, NaN, true)
    view.setUint16(at + 20, row.speed ?? 10_000, true)
    view.setUint16(at + 22, 9_000, true)
    view.setInt16(at + 24, -0x8000, true)
    view.setUint16(at + 26, 0xffff, true)
    view.setUint16(at + 28, 1, true)
    view.setUint8(at + 30, row.bits ?? 0)
  })
  return bytes
}

interface More {
  whole?: boolean
  lost?: number[]
  left?: number[]
  labels?: { number: number; address?: number; id?: string; name?: string; callsign?: string; kind?: ThingKind }[]
}

function message(rows: Row[], at_ms: number, more: More = {}) {
  const sources = [{ place: 1, name: 'hill', kind: SourceKind.ADSB }]
  const labels = more.labels ?? rows.map((row) => ({ number: row.number, address: row.number }))
  return create(TracksSchema, { ...more, atUs: BigInt(at_ms) * 1000n, states: states(rows), sources, labels })
}

function report(number: number, lon: number, at_ms: number, more: More = {}) {
  return message(number ? [{ number, lon }] : [], at_ms, more)
}

const hex = (number: number): string => number.toString(16).padStart(6, '0')

test('a row is read where it lies, unknown values as NaN', () => {
  const seen: State[] = []
  eachState(states([{ number: 7, lon: -115.5, speed: 0xffff }, { number: 8, lon: 1, age_ms: 9 }]), (row) => seen.push({ ...row }))
  expect(seen.map((row) => [row.number, row.lon, row.lat, row.age_ms])).toEqual([[7, -115.5, 28.5, 0], [8, 1, 28.5, 9]])
  expect([seen[0]!.groundSpeed_mps, seen[0]!.altitude_m, seen[0]!.verticalRate_mps, seen[0]!.accuracy_m]).toEqual([NaN, NaN, NaN, NaN])
  expect([seen[1]!.groundSpeed_mps, seen[1]!.track_deg]).toEqual([100, 90])
})

test('between reports it is drawn ahead, once stale it stands at its report', () => {
  const store = new TrackStore()
  store.accept(report(1, 115, EPOCH), EPOCH)
  store.accept(report(1, 115.001, EPOCH + 1000), EPOCH + 1000)
  expect(store.drawn(0, EPOCH + 2000)[0]).toBeGreaterThan(115.001)
  expect(store.drawn(0, EPOCH + 20_000)).toEqual([115.001, 28.5])
  expect(store.freshness(0, EPOCH + 20_000)).toBe('stale')
})

test('age counts from when it was measured, not from when it came', () => {
  const store = new TrackStore()
  store.accept(message([{ number: 1, lon: 115, age_ms: 9_000 }], EPOCH), EPOCH)
  expect(store.age_ms(0, EPOCH + 2_000)).toBe(11_000)
})

test('a lost aircraft goes, one on a tasking stays as a ghost', () => {
  const store = new TrackStore()
  store.accept(report(1, 115, EPOCH), EPOCH)
  store.accept(report(2, 116, EPOCH), EPOCH)
  store.accept(report(0, 0, EPOCH + 70_000, { lost: [1, 2] }), EPOCH + 70_000)
  store.sweep(EPOCH + 200_000, new Set([2]))
  expect(store.indexOf(1)).toBeUndefined()
  expect(store.view(hex(2), EPOCH + 200_000)?.freshness).toBe('ghost')
})

test('taking one out keeps the others whole', () => {
  const store = new TrackStore()
  for (const number of [1, 2, 3]) store.accept(report(number, 110 + number, EPOCH), EPOCH)
  store.accept(report(0, 0, EPOCH + 1000, { left: [1] }), EPOCH + 1000)
  expect(store.count).toBe(2)
  expect(store.view(hex(3), EPOCH)?.lon).toBeCloseTo(113)
  expect(store.view(hex(2), EPOCH)?.lon).toBeCloseTo(112)
  expect(store.view(hex(1), EPOCH)).toBeUndefined()
})

test('a whole picture forgets what it does not name', () => {
  const store = new TrackStore()
  store.accept(report(1, 115, EPOCH), EPOCH)
  store.accept(report(2, 116, EPOCH + 1000, { whole: true }), EPOCH + 1000)
  store.sweep(EPOCH + 1100, new Set())
  expect(store.indexOf(1)).toBeUndefined()
  expect(store.count).toBe(1)
})

test('a label stays until another comes, and things are found by address and by id', () => {
  const store = new TrackStore()
  const labels = [{ number: 5, id: 'cot:A', name: '一队', kind: ThingKind.TEAM }]
  store.accept(report(5, 115, EPOCH, { labels }), EPOCH)
  store.accept(report(5, 115.1, EPOCH + 1000, { labels: [] }), EPOCH + 1000)
  const team = store.view('cot:A', EPOCH + 1000)
  expect([team?.name, team?.thingKind, team?.icao24, team?.key, team?.address]).toEqual(['一队', ThingKind.TEAM, '', 'cot:A', -1])
  store.accept(report(6, 115, EPOCH, { labels: [{ number: 6, id: '36-IDN-1', address: 0x78f001 }] }), EPOCH)
  expect(store.view('78f001', EPOCH)?.id).toBe('36-IDN-1')
  expect(store.find('36-IDN-1')).toBe(store.find('78f001'))
})

test('of two that claim one address the first has it, the other is found by its id', () => {
  const store = new TrackStore()
  store.accept(report(1, 115, EPOCH, { labels: [{ number: 1, address: 0x78f001 }] }), EPOCH)
  store.accept(report(2, 119, EPOCH, { labels: [{ number: 2, address: 0x78f001, id: 'icao24:78f001.2' }] }), EPOCH)
  expect(store.view('78f001', EPOCH)?.number).toBe(1)
  expect(store.view('icao24:78f001.2', EPOCH)?.number).toBe(2)
  expect(store.key(1)).toBe('icao24:78f001.2')
})

test('another run of the server knows the aircraft under other numbers', () => {
  const store = new TrackStore()
  store.begin(1n, EPOCH)
  store.accept(report(1, 115, EPOCH, { labels: [{ number: 1, address: 0x78f001 }] }), EPOCH)
  store.accept(report(2, 116, EPOCH, { labels: [{ number: 2, address: 0x78f002 }] }), EPOCH)
  store.begin(1n, EPOCH)
  expect(store.count).toBe(2)
  store.begin(2n, EPOCH + 1000)
  expect(store.view('78f001', EPOCH)?.lon).toBe(115)
  store.accept(report(1, 116.1, EPOCH + 2000, { whole: true, labels: [{ number: 1, address: 0x78f002 }] }), EPOCH + 2000)
  expect([store.count, store.view('78f002', EPOCH)?.number, store.view('78f001', EPOCH)?.lon]).toEqual([2, 1, 115])
})

test('a trail keeps the last sixty places, in order', () => {
  const store = new TrackStore()
  for (let k = 0; k < 100; k++) store.accept(report(1, 100 + k / 100, EPOCH + k * 4000), EPOCH + k * 4000)
  const into = new Float32Array(130)
  expect(store.copyTrail(0, into, 2)).toBe(60)
  expect(into[2]).toBeCloseTo(100.4)
  expect(into[2 + 59 * 2]).toBeCloseTo(100.99)
})

test('twenty-five thousand are held, and one too many is counted', () => {
  const store = new TrackStore()
  const rows = Array.from({ length: MAX_TRACKS + 1 }, (_, i) => ({ number: i + 1, lon: 100 + i / 10_000 }))
  store.accept(message(rows, EPOCH, { labels: [] }), EPOCH)
  expect([store.count, store.refused]).toEqual([MAX_TRACKS, 1])
  expect(MAX_TRACKS).toBeGreaterThanOrEqual(25_000)
})
