import { expect, test } from 'vitest'
import { clockTime, countdown, dateShort, lonLat, span, whole } from '../src/state/format'
import { bearing_deg, distance_m, sunset_ms } from '../src/state/geodesy'

const NOON = Date.UTC(2026, 10, 23, 16, 30, 5)

test('times are Beijing time whatever the desk is set to', () => {
  expect(clockTime(NOON)).toBe('00:30:05')
  expect(dateShort(NOON)).toBe('11-24')
})

test('lengths of time carry a unit and numbers keep their digits apart', () => {
  expect(span(42_000)).toBe('42 s')
  expect(span(6 * 60_000)).toBe('6 min')
  expect(span(104 * 60_000)).toBe('1 h 44 min')
  expect(countdown(-65_000)).toBe('1:05')
  expect(whole(12345)).toBe('12 345')
  expect(lonLat(115.22123, 29.06241)).toBe('115.2212°E 29.0624°N')
})

test('distance and bearing agree with a known pair', () => {
  const nanchang = { lon: 115.857, lat: 28.683 }
  const jingan = { lon: 115.361, lat: 28.861 }
  expect(distance_m(nanchang, jingan) / 1000).toBeCloseTo(52.3, 0)
  expect(bearing_deg(nanchang, jingan)).toBeCloseTo(292, 0)
})

test('the sun sets over Jiangxi in late November a little after a quarter past five', () => {
  const at = sunset_ms(Date.UTC(2026, 10, 23, 6), { lon: 115.7, lat: 27.6 })
  expect(clockTime(at) > '17:10' && clockTime(at) < '17:25').toBe(true)
})
