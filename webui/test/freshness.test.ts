import { expect, test } from 'vitest'
import { extrapolation_ms, freshnessOf, limitsOf, linkTag } from '../src/state/freshness'
import { SourceKind } from '../src/wire/schema'

const adsb = limitsOf(SourceKind.ADSB)

test('ADS-B dims at 10 s, is stale at 15 s, lost at 60 s', () => {
  expect(freshnessOf(9_999, adsb)).toBe('live')
  expect(freshnessOf(10_000, adsb)).toBe('dim')
  expect(freshnessOf(15_000, adsb)).toBe('stale')
  expect(freshnessOf(60_000, adsb)).toBe('ghost')
})

test('nothing is drawn further ahead than one and a half cadences, and nothing once stale', () => {
  expect(extrapolation_ms(400, 1_000, adsb)).toBe(400)
  expect(extrapolation_ms(9_000, 1_000, adsb)).toBe(1_500)
  expect(extrapolation_ms(15_000, 20_000, adsb)).toBe(0)
})

test('a silent or closed link never reads live', () => {
  expect(linkTag(true, false, 0)).toBe('connecting')
  expect(linkTag(true, true, 900)).toBe('live')
  expect(linkTag(true, true, 3_500)).toBe('stale')
  expect(linkTag(false, true, 100)).toBe('stale')
  expect(linkTag(false, true, 3_500)).toBe('lost')
  expect(linkTag(true, true, 8_500)).toBe('lost')
})
