// Obstacles on the map: a mast, a turbine or a line, each told by its sign and not by colour alone.
import type { Feature, FeatureCollection } from 'geojson'
import type { Map as MapLibre } from 'maplibre-gl'
import { token } from '../state/theme'
import { tables } from '../state/world'
import { deg, kindWord, ObstacleKind } from '../wire/schema'
import { LABEL_FONT } from './style'

/** Signs that every text font has; a lighted one is filled. */
const SIGNS: Record<string, [string, string]> = { wind_turbine: ['⊛', '✺'], building: ['□', '■'], tower: ['△', '▲'], other: ['◇', '◆'] }

export function obstacleShapes(): FeatureCollection {
  const features: Feature[] = []
  for (const one of tables.obstacles.values()) {
    const at = one.points.map((point) => [deg(point.lonE7), deg(point.latE7)])
    const kind = kindWord(ObstacleKind, one.kind)
    const high = one.topM !== undefined ? `${Math.round(one.topM)} m` : one.heightM !== undefined ? `+${Math.round(one.heightM)} m` : ''
    const signs = SIGNS[kind] ?? SIGNS['other']!
    const properties = { id: one.id, kind, sign: signs[one.lighted ? 1 : 0], label: `${one.name}\n${high}` }
    features.push({
      type: 'Feature',
      properties,
      geometry: at.length === 1 ? { type: 'Point', coordinates: at[0]! } : { type: 'LineString', coordinates: at },
    })
  }
  return { type: 'FeatureCollection', features }
}

/** Layers over the source `obstacles`. */
export function addObstacleLayers(map: MapLibre): void {
  const muted = token('muted')
  const point = ['==', ['geometry-type'], 'Point'] as ['==', ['geometry-type'], 'Point']
  const line = ['==', ['geometry-type'], 'LineString'] as ['==', ['geometry-type'], 'LineString']
  map.addLayer({ id: 'obstacle-line', type: 'line', source: 'obstacles', filter: line, minzoom: 7, paint: { 'line-color': muted, 'line-width': 1.4 } })
  map.addLayer({
    id: 'obstacle-pylons', type: 'symbol', source: 'obstacles', filter: line, minzoom: 8.5,
    layout: { 'symbol-placement': 'line', 'symbol-spacing': 46, 'text-field': '⌇', 'text-font': LABEL_FONT, 'text-size': 13, 'text-allow-overlap': true },
    paint: { 'text-color': muted },
  })
  map.addLayer({
    id: 'obstacle-sign', type: 'symbol', source: 'obstacles', filter: point, minzoom: 7,
    layout: { 'text-field': ['get', 'sign'], 'text-font': LABEL_FONT, 'text-size': 14, 'text-allow-overlap': true },
    paint: { 'text-color': token('text'), 'text-halo-color': token('bg'), 'text-halo-width': 1.4 },
  })
  map.addLayer({
    id: 'obstacle-name', type: 'symbol', source: 'obstacles', minzoom: 9,
    layout: { 'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 11, 'text-offset': [0, 0.9], 'text-anchor': 'top', 'text-optional': true },
    paint: { 'text-color': muted, 'text-halo-color': token('bg'), 'text-halo-width': 1.2 },
  })
}
