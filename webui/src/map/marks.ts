// What is drawn beside the symbols so that nobody takes a guess for a report: the part that is only carried on, the circle
// the selected thing may be in, and a question mark at what is in doubt.
import type { Layer } from '@deck.gl/core'
import { IconLayer, LineLayer, ScatterplotLayer } from '@deck.gl/layers'
import type { Scene, Drawn, Colours } from './aircraft'
import { coasts_ms, SINGLE_BIT } from './look'

const RING_PX = 3.5

/** Carried on beyond its usual gap: the last report is ringed, a line leads to where it is reckoned to be. */
export function coasting(scene: Scene, one: Drawn): boolean {
  const { store, now } = scene
  return coasts_ms(store.age_ms(one.index, now), store.cadence[one.index]!, store.speed[one.index]!, store.limits(one.index)) > 0
}

function coastLayers(scene: Scene, colourOf: (one: Drawn, colours: Colours) => [number, number, number]): Layer[] {
  const some = scene.drawn.filter((one) => coasting(scene, one))
  if (!some.length) return []
  const from = new Float32Array(some.length * 3)
  const to = new Float32Array(some.length * 3)
  const colours = new Uint8Array(some.length * 4)
  some.forEach((one, i) => {
    from.set([scene.store.lon[one.index]!, scene.store.lat[one.index]!, scene.height(one)], i * 3)
    to.set([one.lon, one.lat, scene.height(one)], i * 3)
    colours.set([...colourOf(one, scene.colours), 200], i * 4)
  })
  return [
    new LineLayer({
      id: 'carried-on',
      data: {
        length: some.length,
        attributes: {
          getSourcePosition: { value: from, size: 3 },
          getTargetPosition: { value: to, size: 3 },
          getColor: { value: colours, size: 4, normalized: true },
        },
      },
      getWidth: 1.2,
      widthUnits: 'pixels',
      parameters: { depthCompare: 'always' },
    }),
    new ScatterplotLayer({
      id: 'last-reports',
      data: {
        length: some.length,
        attributes: { getPosition: { value: from, size: 3 }, getLineColor: { value: colours, size: 4, normalized: true } },
      },
      filled: false,
      stroked: true,
      radiusUnits: 'pixels',
      getRadius: RING_PX,
      lineWidthUnits: 'pixels',
      getLineWidth: 1.2,
      parameters: { depthCompare: 'always' },
    }),
  ]
}

function accuracyLayer(scene: Scene): Layer | null {
  const chosen = scene.drawn.find((one) => one.selected)
  if (!chosen) return null
  const radius = scene.store.accuracy[chosen.index]!
  if (!(radius > 0)) return null
  const position = [scene.store.lon[chosen.index]!, scene.store.lat[chosen.index]!, scene.height(chosen)]
  return new ScatterplotLayer({
    id: 'accuracy',
    data: [{ position, radius }],
    getPosition: (one: { position: number[] }) => one.position as [number, number, number],
    getRadius: (one: { radius: number }) => one.radius,
    radiusUnits: 'meters',
    filled: true,
    stroked: true,
    getFillColor: [...scene.colours.selected, 18],
    getLineColor: [...scene.colours.selected, 170],
    lineWidthUnits: 'pixels',
    getLineWidth: 1,
    parameters: { depthCompare: 'always', depthWriteEnabled: false },
  })
}

/** One question mark layer for all. Heard once only is no doubt worth a mark: every newcomer begins so. */
function doubtLayer(scene: Scene): Layer | null {
  const some = scene.drawn.filter((one) => (scene.store.doubts[one.index]! & ~SINGLE_BIT) !== 0)
  if (!some.length) return null
  const positions = new Float32Array(some.length * 3)
  const colours = new Uint8Array(some.length * 4)
  some.forEach((one, i) => {
    positions.set([one.lon, one.lat, scene.height(one)], i * 3)
    colours.set([...scene.colours.selected, 220], i * 4)
  })
  return new IconLayer({
    id: 'doubts',
    data: {
      length: some.length,
      attributes: { getPosition: { value: positions, size: 3 }, getColor: { value: colours, size: 4, normalized: true } },
    },
    iconAtlas: scene.atlas.image as unknown as string, // deck takes an ImageBitmap; its types name only URLs and textures
    iconMapping: scene.atlas.mapping,
    getIcon: () => 'doubt',
    getSize: 32,
    sizeUnits: 'pixels',
    billboard: scene.solid,
    parameters: { depthCompare: 'always' },
  })
}

export function marksBelow(scene: Scene, colourOf: (one: Drawn, colours: Colours) => [number, number, number]): Layer[] {
  const circle = accuracyLayer(scene)
  return [...(circle ? [circle] : []), ...coastLayers(scene, colourOf)]
}

export function marksAbove(scene: Scene): Layer[] {
  const doubts = doubtLayer(scene)
  return doubts ? [doubts] : []
}
