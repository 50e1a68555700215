import { describe, expect, it } from 'vitest'
import { Cadence, healthOf } from '../src/state/cadence'

const feed = (heardAgeMs: number | undefined, kind = 'beast', state = 'connected') => ({ kind, state, heardAgeMs })

function taught(gap_ms: number, perStatus = 1): Cadence {
  const cadence = new Cadence()
  let messages = 0
  for (let at = 0; at < 40 * gap_ms; at += 1000) {
    messages = Math.floor(at / gap_ms) * perStatus
    cadence.hear(messages, at)
  }
  return cadence
}

describe('a source is judged by the gap between arrivals', () => {
  it('is silent after three seconds where it usually speaks many times a second', () => {
    const fast = taught(20)
    expect(healthOf(feed(500), fast)).toBe('ok')
    expect(healthOf(feed(3_500), fast)).toBe('quiet')
    expect(healthOf(feed(11_000), fast)).toBe('lost')
  })

  it('is well for two of its own turns where it turns slowly', () => {
    const radar = taught(12_000)
    expect(radar.gap_ms).toBeGreaterThan(11_000)
    expect(healthOf(feed(13_000), radar)).toBe('ok')
    expect(healthOf(feed(27_000), radar)).toBe('quiet')
    expect(healthOf(feed(70_000), radar)).toBe('lost')
  })

  it('learns a longer gap at once and forgets it slowly', () => {
    const cadence = new Cadence()
    for (let i = 0; i < 20; i++) cadence.hear(i, i * 1000)
    cadence.hear(20, 39_000)
    expect(cadence.gap_ms).toBeGreaterThan(9_000)
    cadence.hear(21, 40_000)
    expect(cadence.gap_ms).toBeGreaterThan(8_000)
  })

  it('starts anew when the server did', () => {
    const cadence = taught(100)
    const before = cadence.gap_ms
    cadence.hear(3, 1e7)
    expect(cadence.gap_ms).toBe(before)
  })

  it('tells a line that is down, one that waits, and people who need not report', () => {
    const fast = taught(20)
    expect(healthOf(feed(100, 'beast', 'down'), fast)).toBe('down')
    expect(healthOf(feed(undefined, 'beast', 'listening'), fast)).toBe('waiting')
    expect(healthOf(feed(600_000, 'phone', 'listening'), fast)).toBe('idle')
    expect(healthOf(feed(60_000, 'report', 'connected'), fast)).toBe('ok')
  })
})
