// Weather stations and hazard layers on the map: an arrow with the wind, figures and age; red where below minima, grey where
// too old to be used. Hazards carry their source, the time of the run and its age.
import type { Feature, FeatureCollection } from 'geojson'
import type { ExpressionSpecification, Map as MapLibre } from 'maplibre-gl'
import { clockMinute, span } from '../state/format'
import { token } from '../state/theme'
import { hazards, hidden, isBelow, weather } from '../state/weather'
import { visibilityText, windText } from '../state/weather_words'
import { t, word } from '../text'
import { LABEL_FONT } from './style'

export function weatherShapes(): FeatureCollection {
  const features: Feature[] = []
  for (const one of hazards.value) {
    const { terms, id } = one.hazard
    if (hidden.value.has(id)) continue
    const label = `${word(t.weather.hazardKind, terms.kind)} ${terms.name}\n${terms.source} ${t.weather.model(clockMinute(Date.parse(terms.model_at)), span(one.age_s * 1000))}`
    const properties = { kind: 'hazard', keepOut: terms.keep_out, valid: one.valid, fire: terms.kind === 'fire_perimeter' }
    for (const [n, ring] of terms.rings.entries()) {
      const corners = ring.corners.map((at) => [at.lon_deg, at.lat_deg])
      features.push({ type: 'Feature', properties, geometry: { type: 'Polygon', coordinates: [corners] } })
      const south = corners.reduce((low, at) => (at[1]! < low[1]! ? at : low))
      if (!n) features.push({ type: 'Feature', properties: { ...properties, label }, geometry: { type: 'Point', coordinates: south } })
    }
  }
  for (const one of weather.value?.stations ?? []) {
    const { report } = one
    const wind = report.sky.wind_from_deg !== null && (report.sky.wind_mps ?? 0) >= 0.5
    features.push({
      type: 'Feature',
      properties: {
        kind: 'station',
        sign: wind ? '↓' : '○',
        turn: wind ? report.sky.wind_from_deg : 0,
        state: isBelow(one) ? 'below' : one.current ? 'good' : 'stale',
        label: one.current ? `${windText(report.sky)}\n${visibilityText(report.sky.visibility_m)} · ${t.weather.old(span(one.age_s * 1000))}` : `${t.weather.stale}\n${t.weather.old(span(one.age_s * 1000))}`,
      },
      geometry: { type: 'Point', coordinates: [report.position.lon_deg, report.position.lat_deg] },
    })
  }
  return { type: 'FeatureCollection', features }
}

/** Layers over the source `weather`. */
export function addWeatherLayers(map: MapLibre): void {
  const danger = token('danger')
  const warning = token('warning')
  const hue: ExpressionSpecification = ['case', ['get', 'fire'], warning, danger]
  const state: ExpressionSpecification = ['match', ['get', 'state'], 'below', danger, 'stale', token('muted'), token('text')]
  const area = ['==', ['geometry-type'], 'Polygon'] as ['==', ['geometry-type'], 'Polygon']
  map.addLayer({ id: 'hazard-fill', type: 'fill', source: 'weather', filter: area, paint: { 'fill-color': hue, 'fill-opacity': ['case', ['get', 'valid'], 0.14, 0.05] } })
  map.addLayer({
    id: 'hazard-edge', type: 'line', source: 'weather', filter: area,
    paint: { 'line-color': hue, 'line-width': ['case', ['get', 'valid'], 2, 1.2], 'line-dasharray': [6, 2, 1, 2] },
  })
  map.addLayer({
    id: 'hazard-name', type: 'symbol', source: 'weather', filter: ['all', ['==', ['get', 'kind'], 'hazard'], ['has', 'label']],
    layout: { 'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 12, 'text-anchor': 'top', 'text-offset': [0, 0.4], 'text-allow-overlap': true },
    paint: { 'text-color': hue, 'text-halo-color': token('bg'), 'text-halo-width': 1.6 },
  })
  map.addLayer({
    id: 'weather-sign', type: 'symbol', source: 'weather', filter: ['==', ['get', 'kind'], 'station'],
    layout: { 'text-field': ['get', 'sign'], 'text-font': LABEL_FONT, 'text-size': 20, 'text-rotate': ['get', 'turn'], 'text-rotation-alignment': 'map', 'text-allow-overlap': true },
    paint: { 'text-color': state, 'text-halo-color': token('bg'), 'text-halo-width': 1.6 },
  })
  map.addLayer({
    id: 'weather-figures', type: 'symbol', source: 'weather', minzoom: 6.5, filter: ['==', ['get', 'kind'], 'station'],
    layout: { 'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 11, 'text-anchor': 'left', 'text-offset': [1, 0], 'text-optional': true },
    paint: { 'text-color': state, 'text-halo-color': token('bg'), 'text-halo-width': 1.4 },
  })
}
