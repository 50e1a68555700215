// Tracks to deck.gl layers: binary attributes rebuilt from the typed arrays, a new array each time or deck sees no change.
import type { Layer } from '@deck.gl/core'
import { IconLayer, LineLayer, PathLayer } from '@deck.gl/layers'
import { token } from '../state/theme'
import type { Affiliation, TrackStore } from '../state/tracks'
import type { Freshness } from '../state/freshness'
import { GHOST_BIT } from './look'
import { marksAbove, marksBelow } from './marks'
import { SYMBOLS, type Atlas, type IconName, type Shape } from './symbols'

export interface Drawn {
  index: number
  number: number
  lon: number
  lat: number
  freshness: Freshness
  affiliation: Affiliation
  shape: Shape
  selected: boolean
}

export type Rgb = [number, number, number]
export type Colours = Record<Affiliation | 'selected', Rgb>

/** Flat map: heights are not drawn. Solid: metres times this, printed in the legend. */
export const VERTICAL_FACTOR = 8
const TRAILS_AT_MOST = 400 // trails are what a weak GPU feels (CONSOLE §3): beyond it only rescue aircraft keep theirs
const ALPHA: Record<Freshness, number> = { live: 255, dim: 150, stale: 170, ghost: 120 }

function rgb(hex: string): Rgb {
  const value = parseInt(hex.replace('#', ''), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

export function readColours(): Colours {
  return { own: rgb(token('own')), partner: rgb(token('partner')), civil: rgb(token('civil')), selected: rgb(token('text')) }
}

const GREY: Affiliation = 'civil'

function colourOf(one: Drawn, colours: Colours): Rgb {
  if (one.freshness === 'stale' || one.freshness === 'ghost') return colours[GREY]
  return one.selected ? colours.selected : colours[one.affiliation]
}

function iconOf(one: Drawn): IconName {
  const hollow = one.freshness === 'stale' || one.freshness === 'ghost'
  return hollow ? `${one.shape}-outline` : one.shape
}

export interface Scene {
  store: TrackStore
  /** Server time, ms. */
  now: number
  drawn: readonly Drawn[]
  colours: Colours
  atlas: Atlas
  solid: boolean
  trails: boolean
  /** Where it is drawn above the map. */
  height(one: Drawn): number
}

export function sceneOf(facts: Omit<Scene, 'height'>): Scene {
  const { solid, store } = facts
  const height = (one: Drawn): number => {
    const altitude = store.altitude[one.index]!
    return solid && Number.isFinite(altitude) ? altitude * VERTICAL_FACTOR : 0
  }
  return { ...facts, height }
}

/** A crowd of likely fakes must not hide what is real. */
function alphaOf(scene: Scene, one: Drawn): number {
  const alpha = ALPHA[one.freshness]
  return scene.store.doubts[one.index]! & GHOST_BIT && !one.selected ? alpha * 0.5 : alpha
}

function iconLayer(scene: Scene, name: IconName, some: Drawn[]): Layer {
  const positions = new Float32Array(some.length * 3)
  const colours = new Uint8Array(some.length * 4)
  const angles = new Float32Array(some.length)
  const sizes = new Float32Array(some.length)
  const { turns } = SYMBOLS[name.replace('-outline', '') as Shape]
  some.forEach((one, i) => {
    positions.set([one.lon, one.lat, scene.height(one)], i * 3)
    colours.set([...colourOf(one, scene.colours), alphaOf(scene, one)], i * 4)
    const course = scene.store.course[one.index]!
    angles[i] = turns && Number.isFinite(course) ? -course : 0
    sizes[i] = one.affiliation === 'civil' ? 20 : one.selected ? 38 : 32
  })
  return new IconLayer({
    id: `aircraft-${name}`,
    data: {
      length: some.length,
      attributes: {
        getPosition: { value: positions, size: 3 },
        getColor: { value: colours, size: 4, normalized: true },
        getAngle: { value: angles, size: 1 },
        getSize: { value: sizes, size: 1 },
      },
    },
    iconAtlas: scene.atlas.image as unknown as string, // deck takes an ImageBitmap; its types name only URLs and textures
    iconMapping: scene.atlas.mapping,
    getIcon: () => name,
    billboard: scene.solid,
    sizeUnits: 'pixels',
    parameters: { depthCompare: 'always' },
  })
}

function trailLayer(scene: Scene): Layer | null {
  const some = scene.drawn.filter(
    (one) => scene.store.trailCount(one.index) > 1 && (scene.drawn.length <= TRAILS_AT_MOST || one.affiliation !== 'civil'),
  )
  if (!scene.trails || some.length === 0) return null
  const points = some.reduce((sum, one) => sum + scene.store.trailCount(one.index) + 1, 0)
  const flat = new Float32Array(points * 2)
  const colours = new Uint8Array(points * 4)
  const starts = new Uint32Array(some.length + 1)
  let at = 0
  some.forEach((one, i) => {
    starts[i] = at
    const n = scene.store.copyTrail(one.index, flat, at * 2)
    flat[(at + n) * 2] = one.lon
    flat[(at + n) * 2 + 1] = one.lat
    const base = colourOf(one, scene.colours)
    const strength = one.affiliation === 'civil' ? 70 : 190
    for (let k = 0; k <= n; k++) colours.set([...base, (strength * (k + 1)) / (n + 1)], (at + k) * 4)
    at += n + 1
  })
  starts[some.length] = at
  return new PathLayer({
    id: 'trails',
    data: {
      length: some.length,
      startIndices: starts,
      attributes: {
        getPath: { value: flat, size: 2 },
        getColor: { value: colours, size: 4, normalized: true },
      },
    },
    _pathType: 'open',
    positionFormat: 'XY',
    widthUnits: 'pixels',
    getWidth: 1.6,
    parameters: { depthWriteEnabled: false },
  })
}

function stalkLayer(scene: Scene): Layer {
  const length = scene.drawn.length
  const feet = new Float32Array(length * 3)
  const heads = new Float32Array(length * 3)
  const colours = new Uint8Array(length * 4)
  scene.drawn.forEach((one, i) => {
    feet.set([one.lon, one.lat, 0], i * 3)
    heads.set([one.lon, one.lat, scene.height(one)], i * 3)
    colours.set([...colourOf(one, scene.colours), 110], i * 4)
  })
  return new LineLayer({
    id: 'stalks',
    data: {
      length,
      attributes: {
        getSourcePosition: { value: feet, size: 3 },
        getTargetPosition: { value: heads, size: 3 },
        getColor: { value: colours, size: 4, normalized: true },
      },
    },
    getWidth: 1,
    widthUnits: 'pixels',
  })
}

// Other traffic lies under what belongs to the response, what stands at its last position under what moves.
const BELOW: Shape[] = ['obstacle', 'civil', 'unknown', 'other_aircraft', 'vehicle', 'team', 'vessel', 'uav', 'airplane', 'helicopter']
const ORDER: IconName[] = [...BELOW.map((shape): IconName => `${shape}-outline`), ...BELOW]

export function aircraftLayers(scene: Scene): Layer[] {
  const byIcon = new Map<IconName, Drawn[]>()
  for (const one of scene.drawn) {
    const name = iconOf(one)
    const list = byIcon.get(name)
    if (list) list.push(one)
    else byIcon.set(name, [one])
  }
  const layers: Layer[] = []
  const trails = trailLayer(scene)
  if (trails) layers.push(trails)
  if (scene.solid && scene.drawn.length) layers.push(stalkLayer(scene))
  layers.push(...marksBelow(scene, colourOf))
  for (const name of ORDER) {
    const some = byIcon.get(name)
    if (some) layers.push(iconLayer(scene, name, some))
  }
  return [...layers, ...marksAbove(scene)]
}
