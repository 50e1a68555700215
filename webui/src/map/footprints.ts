// Where cameras look: the picture's outline on the ground, the line of sight, the centre, a cross at the target. Dashed is what
// was computed, grey what stands still; an upper edge that is cut off at the horizon is not drawn.
import type { Feature, FeatureCollection, Position } from 'geojson'
import type { ExpressionSpecification, Map as MapLibre } from 'maplibre-gl'
import { isPast, looks, type Look, type Place } from '../state/footprints'
import { token } from '../state/theme'
import { LABEL_FONT } from './style'

export const FOOTPRINT_SOURCE = 'footprints'

/** Longitudes that follow `from` without a jump over the date line. */
function near(from: Place, at: Place): Position {
  const turn = Math.round((at[0] - from[0]) / 360)
  return [at[0] - turn * 360, at[1]]
}

function middle(corners: Position[]): Position {
  return [corners.reduce((sum, at) => sum + at[0]!, 0) / corners.length, corners.reduce((sum, at) => sum + at[1]!, 0) / corners.length]
}

function shapesOf(look: Look): Feature[] {
  const own = { id: look.id, stale: look.stale, computed: look.by !== 'stated' }
  const origin = look.sensor ?? look.centre ?? look.corners?.[0] ?? look.target
  if (!origin) return []
  const features: Feature[] = []
  const add = (part: string, geometry: Feature['geometry'], label = ''): void => void features.push({ type: 'Feature', properties: { ...own, part, label }, geometry })
  const corners = look.corners?.length === 4 ? look.corners.map((at) => near(origin, at)) : null
  const centre = look.centre ? near(origin, look.centre) : corners ? middle(corners) : null
  if (corners) {
    const [a, b, c, d] = corners as [Position, Position, Position, Position]
    add('area', { type: 'Polygon', coordinates: [[a, b, c, d, a]] })
    add('edge', { type: 'LineString', coordinates: look.cut ? [b, c, d, a] : [a, b, c, d, a] })
    if (!look.cut) add('top', { type: 'LineString', coordinates: [a, b] })
  }
  if (look.sensor && centre) add('line', { type: 'LineString', coordinates: [near(origin, look.sensor), centre] })
  if (centre) add('centre', { type: 'Point', coordinates: centre }, look.name)
  if (look.target) add('target', { type: 'Point', coordinates: near(origin, look.target) })
  return features
}

/** `past`: of recordings that are replayed, and not of now. */
export function footprintShapes(past = false): FeatureCollection {
  const shown = [...looks.value.values()].filter((one) => isPast(one.id) === past)
  return { type: 'FeatureCollection', features: shown.flatMap(shapesOf) }
}

/** Layers over the source FOOTPRINT_SOURCE. */
export function addFootprintLayers(map: MapLibre): void {
  const colour: ExpressionSpecification = ['case', ['get', 'stale'], token('muted'), token('text')]
  const is = (part: string): ['==', ['get', 'part'], string] => ['==', ['get', 'part'], part]
  const source = FOOTPRINT_SOURCE
  map.addLayer({ id: 'footprint-area', type: 'fill', source, filter: is('area'), paint: { 'fill-color': colour, 'fill-opacity': 0.1 } })
  map.addLayer({
    id: 'footprint-stated', type: 'line', source, filter: ['all', is('edge'), ['!', ['get', 'computed']]],
    paint: { 'line-color': colour, 'line-width': 1.4 },
  })
  map.addLayer({
    id: 'footprint-computed', type: 'line', source, filter: ['all', is('edge'), ['get', 'computed']],
    paint: { 'line-color': colour, 'line-width': 1.4, 'line-dasharray': [4, 2] },
  })
  map.addLayer({ id: 'footprint-top', type: 'line', source, filter: is('top'), paint: { 'line-color': colour, 'line-width': 3 } })
  map.addLayer({
    id: 'footprint-line', type: 'line', source, filter: is('line'), layout: { 'line-cap': 'round' },
    paint: { 'line-color': colour, 'line-width': 1.4, 'line-dasharray': [0.5, 2.5] },
  })
  map.addLayer({
    id: 'footprint-centre', type: 'circle', source, filter: is('centre'),
    paint: { 'circle-radius': 2.5, 'circle-color': colour },
  })
  map.addLayer({
    id: 'footprint-target', type: 'symbol', source, filter: is('target'),
    layout: { 'text-field': '＋', 'text-font': LABEL_FONT, 'text-size': 24, 'text-allow-overlap': true, 'text-ignore-placement': true },
    paint: { 'text-color': token('danger'), 'text-halo-color': token('bg'), 'text-halo-width': 1.6 },
  })
  map.addLayer({
    id: 'footprint-name', type: 'symbol', source, filter: is('centre'),
    layout: { 'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 12, 'text-anchor': 'top', 'text-offset': [0, 0.6] },
    paint: { 'text-color': colour, 'text-halo-color': token('bg'), 'text-halo-width': 1.6 },
  })
}
