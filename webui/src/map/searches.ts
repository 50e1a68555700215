// Search patterns on the map: the area, the way with its direction, where it begins; the one being drawn is dashed.
import type { FeatureCollection, Feature } from 'geojson'
import type { Map as MapLibre } from 'maplibre-gl'
import { chosenSearch, searchDraft, standingSearches, type PlacedBody } from '../state/searches'
import { token } from '../state/theme'
import { deg, type Position } from '../wire/schema'
import { LABEL_FONT } from './style'

type Point = [number, number]
const ofRecord = (at: Position): Point => [deg(at.lonE7), deg(at.latE7)]
const ofBody = (at: PlacedBody): Point => [at.lon_deg, at.lat_deg]

function shapes(points: Point[], area: Point[], properties: Record<string, unknown>, name: string): Feature[] {
  return [
    { type: 'Feature', properties: { ...properties, part: 'area' }, geometry: { type: 'Polygon', coordinates: [area] } },
    { type: 'Feature', properties: { ...properties, part: 'way' }, geometry: { type: 'LineString', coordinates: points } },
    { type: 'Feature', properties: { ...properties, part: 'start', label: name }, geometry: { type: 'Point', coordinates: points[0]! } },
  ]
}

/** Those of the incident in focus, and the draft. */
export function searchShapes(incidentId: string): FeatureCollection {
  const draft = searchDraft.value
  const features: Feature[] = []
  for (const one of standingSearches(incidentId)) {
    if (!one.way || one.id === draft?.amends?.id) continue
    features.push(...shapes(one.way.points.map(ofRecord), one.way.area.map(ofRecord), { wanted: one.id === chosenSearch.value, drawn: false }, one.terms?.name ?? ''))
  }
  if (draft?.way) features.push(...shapes(draft.way.points.map(ofBody), draft.way.area.map(ofBody), { wanted: true, drawn: true }, ''))
  for (const at of draft?.places ?? [])
    features.push({ type: 'Feature', properties: { part: 'place', wanted: true, drawn: true }, geometry: { type: 'Point', coordinates: [at.lon, at.lat] } })
  return { type: 'FeatureCollection', features }
}

/** Layers over the source `searches`. */
export function addSearchLayers(map: MapLibre): void {
  const own = token('own')
  map.addLayer({
    id: 'search-area', type: 'fill', source: 'searches', filter: ['==', ['get', 'part'], 'area'],
    paint: { 'fill-color': own, 'fill-opacity': ['case', ['get', 'wanted'], 0.1, 0.05] },
  })
  map.addLayer({
    id: 'search-way', type: 'line', source: 'searches', filter: ['all', ['==', ['get', 'part'], 'way'], ['!', ['get', 'drawn']]],
    paint: { 'line-color': own, 'line-width': ['case', ['get', 'wanted'], 2.4, 1.4] },
  })
  map.addLayer({
    id: 'search-draft', type: 'line', source: 'searches', filter: ['all', ['==', ['get', 'part'], 'way'], ['get', 'drawn']],
    paint: { 'line-color': own, 'line-width': 1.8, 'line-dasharray': [3, 2] },
  })
  map.addLayer({
    id: 'search-direction', type: 'symbol', source: 'searches', filter: ['==', ['get', 'part'], 'way'],
    layout: { 'symbol-placement': 'line', 'symbol-spacing': 90, 'text-field': '›', 'text-font': LABEL_FONT, 'text-size': 22, 'text-keep-upright': false, 'text-allow-overlap': true, 'text-ignore-placement': true },
    paint: { 'text-color': own, 'text-halo-color': token('bg'), 'text-halo-width': 1.2 },
  })
  map.addLayer({
    id: 'search-start', type: 'circle', source: 'searches', filter: ['in', ['get', 'part'], ['literal', ['start', 'place']]],
    paint: { 'circle-radius': 4.5, 'circle-color': token('surface'), 'circle-stroke-width': 2, 'circle-stroke-color': own },
  })
  map.addLayer({
    id: 'search-name', type: 'symbol', source: 'searches', filter: ['==', ['get', 'part'], 'start'],
    layout: { 'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 12, 'text-anchor': 'bottom', 'text-offset': [0, -0.7] },
    paint: { 'text-color': token('text'), 'text-halo-color': token('bg'), 'text-halo-width': 1.6 },
  })
}
