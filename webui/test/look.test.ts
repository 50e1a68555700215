import { describe, expect, it } from 'vitest'
import { coasts_ms, doubtsOf, shapeOf, type Seen } from '../src/map/look'
import { limitsOf } from '../src/state/freshness'
import { SHAPES, SYMBOLS } from '../src/map/symbols'
import { AircraftKind, SourceKind, ThingKind, type Aircraft } from '../src/wire/schema'

const seen = (over: Partial<Seen> = {}): Seen => ({ kind: undefined, category: '', sourceKind: SourceKind.ADSB, partner: false, ...over })
const aircraft = (kind: AircraftKind) => ({ kind }) as Aircraft

describe('the symbol of a thing', () => {
  it('is what people registered before what it says of itself', () => {
    expect(shapeOf(seen({ record: aircraft(AircraftKind.FIXED_WING), kind: ThingKind.TEAM }))).toBe('airplane')
    expect(shapeOf(seen({ kind: ThingKind.VESSEL, category: 'A7' }))).toBe('vessel')
    expect(shapeOf(seen({ category: 'A7' }))).toBe('helicopter')
    expect(shapeOf(seen({ category: 'B6' }))).toBe('uav')
  })

  it('is there for every kind, and a dot where nothing is said by what hears people on the ground', () => {
    for (const kind of Object.values(ThingKind).filter((one): one is ThingKind => typeof one === 'number' && one > 0)) {
      expect(SHAPES).toContain(shapeOf(seen({ kind, sourceKind: SourceKind.PHONE })))
      expect(shapeOf(seen({ kind, sourceKind: SourceKind.PHONE }))).not.toBe('unknown')
    }
    expect(shapeOf(seen({ sourceKind: SourceKind.PHONE }))).toBe('unknown')
    expect(shapeOf(seen({ sourceKind: SourceKind.RADAR }))).toBe('civil')
    expect(shapeOf(seen({ kind: ThingKind.UNSPECIFIED, partner: true }))).toBe('helicopter')
    for (const shape of SHAPES) expect(SYMBOLS[shape].body).toMatch(/^M/)
  })
})

describe('doubts', () => {
  it('are read from their bits', () => {
    expect(doubtsOf(0)).toEqual([])
    expect(doubtsOf(1 | 4 | 32)).toEqual(['duplicate_address', 'ghost', 'disagree'])
    expect(doubtsOf(63)).toHaveLength(6)
  })
})

describe('a position that is only carried on', () => {
  const limits = limitsOf(SourceKind.ADSB)
  it('is none within the usual gap, none of what stands, none once stale', () => {
    expect(coasts_ms(2_000, 1_000, 50, limits)).toBe(0)
    expect(coasts_ms(5_000, 4_000, 50, limits)).toBe(0)
    expect(coasts_ms(8_000, 1_000, 0.2, limits)).toBe(0)
    expect(coasts_ms(limits.stale_ms, 8_000, 50, limits)).toBe(0)
    expect(coasts_ms(8_000, 1_000, NaN, limits)).toBe(0)
  })
  it('goes on for one and a half of its gaps at most', () => {
    expect(coasts_ms(8_000, 2_000, 50, limits)).toBe(3_000)
  })
})
