import { expect, test } from 'vitest'
import { ResumePoint } from '../src/wire/resume'

function fresh(): ResumePoint {
  const point = new ResumePoint()
  point.welcome('a')
  point.records({ after: 0n, through: 10n, whole: true })
  return point
}

test('a delta that joins is taken and moves the point', () => {
  const point = fresh()
  expect(point.records({ after: 10n, through: 12n, whole: false })).toBe('take')
  expect(point.after).toBe(12n)
})

test('a delta that overlaps is taken, one that is known is old', () => {
  const point = fresh()
  expect(point.records({ after: 8n, through: 11n, whole: false })).toBe('take')
  expect(point.records({ after: 9n, through: 11n, whole: false })).toBe('old')
})

test('a jump is a gap and forgetting asks for everything', () => {
  const point = fresh()
  expect(point.records({ after: 11n, through: 12n, whole: false })).toBe('gap')
  point.forget()
  expect([point.after, point.epoch]).toEqual([0n, ''])
})

test('a delta on another journal is a gap', () => {
  const point = fresh()
  point.welcome('b')
  expect(point.records({ after: 10n, through: 11n, whole: false })).toBe('gap')
  expect(point.records({ after: 0n, through: 3n, whole: true })).toBe('take')
  expect(point.epoch).toBe('b')
})

test('tracks after a new subscription wait for the whole picture', () => {
  const point = fresh()
  point.expectWholeTracks()
  expect(point.tracks({ fromTick: 5n, toTick: 6n, whole: false })).toBe('old')
  expect(point.tracks({ fromTick: 0n, toTick: 6n, whole: true })).toBe('take')
  expect(point.tracks({ fromTick: 6n, toTick: 7n, whole: false })).toBe('take')
  expect(point.tracks({ fromTick: 9n, toTick: 10n, whole: false })).toBe('gap')
})
