import { afterEach, describe, expect, it, vi } from 'vitest'
vi.mock('../src/state/theme', () => ({ token: () => '#000', theme: { value: 'night' } }))
vi.mock('../src/map/style', () => ({ LABEL_FONT: ['x'] }))
import { footprintShapes } from '../src/map/footprints'
import { dropLook, looks, putLook, type Look } from '../src/state/footprints'

const look = (over: Partial<Look> = {}): Look => ({
  id: 'a', name: '直升机 7', sensor: [115.0, 28.0], centre: [115.1, 28.1], target: [115.11, 28.1],
  corners: [[115.0, 28.2], [115.2, 28.2], [115.15, 28.05], [115.05, 28.05]], by: 'stated', cut: false, stale: false, ...over,
})
const parts = (): string[] => footprintShapes().features.map((one) => one.properties?.['part'] as string)
const of = (part: string) => footprintShapes().features.find((one) => one.properties?.['part'] === part)

afterEach(() => (looks.value = new Map()))

describe('where a camera looks', () => {
  it('is its outline with the top edge, the line of sight, the centre and the target', () => {
    putLook(look())
    expect(parts()).toEqual(['area', 'edge', 'top', 'line', 'centre', 'target'])
    expect(of('area')?.geometry).toMatchObject({ coordinates: [[[115.0, 28.2], [115.2, 28.2], [115.15, 28.05], [115.05, 28.05], [115.0, 28.2]]] })
    expect(of('line')?.geometry).toMatchObject({ coordinates: [[115.0, 28.0], [115.1, 28.1]] })
    expect(of('centre')?.properties).toMatchObject({ label: '直升机 7', computed: false, stale: false })
  })

  it('says what was computed, what stands still, and has no upper edge at the horizon', () => {
    putLook(look({ by: 'angles', cut: true, stale: true }))
    expect(parts()).toEqual(['area', 'edge', 'line', 'centre', 'target'])
    expect(of('edge')?.properties).toMatchObject({ computed: true, stale: true })
    expect(of('edge')?.geometry).toMatchObject({ coordinates: [[115.2, 28.2], [115.15, 28.05], [115.05, 28.05], [115.0, 28.2]] })
  })

  it('is drawn as far as it is known', () => {
    putLook(look({ corners: null, by: null, target: null }))
    expect(parts()).toEqual(['line', 'centre'])
    putLook(look({ centre: null, target: null }))
    expect((of('centre')?.geometry as { coordinates: number[] }).coordinates[1]).toBeCloseTo(28.125, 9)
    putLook(look({ corners: null, centre: null, target: null }))
    expect(parts()).toEqual([])
    putLook(look({ sensor: null, corners: null, centre: null, target: null }))
    expect(parts()).toEqual([])
  })

  it('does not go round the earth at the date line', () => {
    putLook(look({ sensor: [179.99, 0], centre: [-179.99, 0], target: null, corners: [[179.98, 0.1], [-179.98, 0.1], [-179.98, -0.1], [179.98, -0.1]] }))
    const ring = (of('area')?.geometry as { coordinates: number[][][] }).coordinates[0]!
    expect(Math.max(...ring.map((at) => at[0]!)) - Math.min(...ring.map((at) => at[0]!))).toBeLessThan(0.1)
    expect(of('line')?.geometry).toMatchObject({ coordinates: [[179.99, 0], [180.01, 0]] })
  })

  it('goes with its stream', () => {
    putLook(look())
    putLook(look({ id: 'b' }))
    dropLook('a')
    dropLook('a')
    expect(new Set(footprintShapes().features.map((one) => one.properties?.['id']))).toEqual(new Set(['b']))
  })
})
