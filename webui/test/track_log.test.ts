import { describe, expect, it } from 'vitest'
import { due, metresBetween, MOST_POINTS, moves, TrackLog, type Point } from '../src/state/track_log'

const point = (over: Partial<Point> = {}): Point => ({
  at_ms: 0, lon: 115.36, lat: 28.86, datum: 'wgs84', accuracy_m: 8, altitude_m: null, speed_mps: null, course_deg: null, late: false, ...over,
})

function store() {
  const kept = new Map<string, string>()
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
}

describe('positions kept on the phone', () => {
  it('come back after a reload, oldest first, marked as late', () => {
    const box = store()
    const log = new TrackLog(box, 'li')
    log.add(point({ at_ms: 1 }))
    log.add(point({ at_ms: 2 }))
    log.save()
    const again = new TrackLog(box, 'li')
    expect(again.points.map((one) => [one.at_ms, one.late])).toEqual([[1, true], [2, true]])
    expect(new TrackLog(box, 'wang').points).toEqual([])
    again.sent(again.first(100))
    again.save()
    expect(box.kept.size).toBe(0)
  })

  it('stay within their bound and still tell the whole way', () => {
    const log = new TrackLog(store(), 'li')
    for (let i = 0; i < 5 * MOST_POINTS; i++) log.add(point({ at_ms: i }))
    expect(log.points.length).toBeLessThanOrEqual(MOST_POINTS)
    expect(log.points[0]!.at_ms).toBe(0)
    expect(log.points.at(-1)!.at_ms).toBe(5 * MOST_POINTS - 1)
    const times = log.points.map((one) => one.at_ms)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(log.thinned + log.points.length).toBe(5 * MOST_POINTS)
  })

  it('are forgotten where somebody edited the storage', () => {
    for (const text of ['{', '[1]', '[{"at_ms":"x"}]', 'null']) {
      const box = store()
      box.setItem('ganying.positions.li', text)
      expect(new TrackLog(box, 'li').points).toEqual([])
    }
  })
})

describe('when a position is due', () => {
  it('every 5 s on the move, every 30 s at rest, at once when it begins to move', () => {
    const at = (at_ms: number) => point({ at_ms })
    expect(due(undefined, at(0), true, true)).toBe(true)
    expect(due(at(0), at(3_000), true, true)).toBe(false)
    expect(due(at(0), at(5_000), true, true)).toBe(true)
    expect(due(at(0), at(20_000), false, false)).toBe(false)
    expect(due(at(0), at(30_000), false, false)).toBe(true)
    expect(due(at(0), at(2_000), true, false)).toBe(true)
  })

  it('knows moving from standing by speed, else by more than the doubt of the fixes', () => {
    expect(moves(point(), point({ speed_mps: 0.1 }))).toBe(false)
    expect(moves(point(), point({ speed_mps: 1.4 }))).toBe(true)
    expect(moves(point(), point({ lon: 115.36005 }))).toBe(false) // 5 m with ±8 m
    expect(moves(point(), point({ lon: 115.3605 }))).toBe(true) // 49 m
    expect(moves(point(), point({ lon: 115.3605, accuracy_m: 80 }))).toBe(false)
    expect(metresBetween(point(), point({ lat: 28.87 }))).toBeCloseTo(1112, 0)
  })
})
