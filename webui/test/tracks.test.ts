import { create } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { TrackStore } from '../src/state/tracks'
import { SourceKind, TracksSchema } from '../src/wire/schema'

const EPOCH = 1_800_000_000_000

function report(address: number, lon: number, at_ms: number, whole = false, lost: number[] = []) {
  const track = { address, lonE7: Math.round(lon * 1e7), latE7: 285_000_000, ageMs: 0, source: 'hill', sourceKind: SourceKind.ADSB, groundSpeedMps: 100, trackDeg: 90 }
  return create(TracksSchema, { atUs: BigInt(at_ms) * 1000n, whole, tracks: address ? [track] : [], lost })
}

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
  const late = report(1, 115, EPOCH)
  late.tracks[0]!.ageMs = 9_000
  store.accept(late, EPOCH)
  expect(store.age_ms(0, EPOCH + 2_000)).toBe(11_000)
})

test('a lost aircraft goes, one on a tasking stays as a ghost', () => {
  const store = new TrackStore()
  store.accept(report(1, 115, EPOCH), EPOCH)
  store.accept(report(2, 116, EPOCH), EPOCH)
  store.accept(report(0, 0, EPOCH + 70_000, false, [1, 2]), EPOCH + 70_000)
  store.sweep(EPOCH + 200_000, new Set([2]))
  expect(store.indexOf(1)).toBeUndefined()
  expect(store.view(2, EPOCH + 200_000)?.freshness).toBe('ghost')
})

test('taking one out keeps the others whole', () => {
  const store = new TrackStore()
  for (const address of [1, 2, 3]) store.accept(report(address, 110 + address, EPOCH), EPOCH)
  store.accept(report(0, 0, EPOCH + 70_000, false, [1]), EPOCH + 70_000)
  store.sweep(EPOCH + 140_000, new Set([2, 3]))
  expect(store.count).toBe(2)
  expect(store.view(3, EPOCH)?.lon).toBeCloseTo(113)
  expect(store.view(2, EPOCH)?.lon).toBeCloseTo(112)
})

test('a whole picture forgets what it does not name', () => {
  const store = new TrackStore()
  store.accept(report(1, 115, EPOCH), EPOCH)
  store.accept(report(2, 116, EPOCH + 1000, true), EPOCH + 1000)
  store.sweep(EPOCH + 1100, new Set())
  expect(store.indexOf(1)).toBeUndefined()
  expect(store.count).toBe(1)
})
