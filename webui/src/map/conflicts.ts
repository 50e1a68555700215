// Where planned flights meet: both legs and the place in red with a number; the alternative looked at is dashed.
import type { Map as MapLibre } from 'maplibre-gl'
import { token } from '../state/theme'
import { LABEL_FONT } from './style'
import type { Feature, FeatureCollection } from 'geojson'
import { drawn, pointed, type Point } from '../state/conflicts'

const line = (stops: Point[], kind: string): Feature => ({ type: 'Feature', properties: { kind }, geometry: { type: 'LineString', coordinates: stops } })

export function conflictShapes(): FeatureCollection {
  const told = drawn.value
  if (!told) return { type: 'FeatureCollection', features: [] }
  const counted = told.conflicts.filter((one) => one.counted)
  const shown = pointed.value ?? told.alternatives.find((one) => one.kind === 'route')
  return {
    type: 'FeatureCollection',
    features: [
      ...(shown?.way ?? []).map((stops) => line(stops, 'alternative')),
      ...counted.flatMap((one) => [line(one.own_leg, 'met'), ...(one.other_leg ? [line(one.other_leg, 'met')] : [])]),
      ...counted.map((one, n): Feature => ({ type: 'Feature', properties: { kind: 'place', label: `▲${n + 1} ${one.name}` }, geometry: { type: 'Point', coordinates: one.position } })),
    ],
  }
}

/** Layers over the source `conflicts`, above the planned legs. */
export function addConflictLayers(map: MapLibre): void {
  const danger = token('danger')
  const of = (kind: string) => ['==', ['get', 'kind'], kind] as ['==', ['get', 'kind'], string]
  map.addLayer({
    id: 'conflict-way-out', type: 'line', source: 'conflicts', filter: of('alternative'),
    paint: { 'line-color': token('good'), 'line-width': 2.4, 'line-dasharray': [3, 2] },
  })
  map.addLayer({ id: 'conflict-leg', type: 'line', source: 'conflicts', filter: of('met'), paint: { 'line-color': danger, 'line-width': 2.6 } })
  map.addLayer({
    id: 'conflict-place', type: 'circle', source: 'conflicts', filter: of('place'),
    paint: { 'circle-radius': 9, 'circle-opacity': 0, 'circle-stroke-width': 3, 'circle-stroke-color': danger },
  })
  map.addLayer({
    id: 'conflict-name', type: 'symbol', source: 'conflicts', filter: of('place'),
    layout: { 'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 13, 'text-offset': [0, -1], 'text-anchor': 'bottom', 'text-allow-overlap': true },
    paint: { 'text-color': danger, 'text-halo-color': token('bg'), 'text-halo-width': 1.8 },
  })
}
