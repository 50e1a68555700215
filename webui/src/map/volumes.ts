// Airspace volumes on the map, as on a chart: a hue by what they are, the line whole while active and dashed while not.
// Alarm colours are not used: what is closed now is hatched in red (closures.ts) and must stand out from the chart.
import type { ExpressionSpecification, Map as MapLibre } from 'maplibre-gl'
import type { Feature, FeatureCollection } from 'geojson'
import { theme, token } from '../state/theme'
import { chosenVolume, isOn, volumes, type VolumeSaid } from '../state/volumes'
import { serverNow } from '../state/clock'
import { LABEL_FONT } from './style'

export const FILL_LAYERS = ['volume-fill'] as const

export const FAMILIES = ['kept_out', 'controlled', 'open', 'uas', 'other'] as const
export type Family = (typeof FAMILIES)[number]
const KEPT_OUT = new Set(['prohibited', 'restricted', 'danger', 'reserved'])
const CONTROLLED = new Set(['ctr', 'tma', 'cta', 'atz', 'airway', 'fir', 'radio_mandatory', 'transponder_mandatory'])
const UAS = new Set(['uas_zone', 'operation', 'temporary'])
const OPEN = new Set(['F', 'G', 'W'])

export const HUES: Record<'night' | 'day', Record<Family, string>> = {
  night: { kept_out: '#d48ac9', controlled: '#7fa6cf', open: '#7fb39a', uas: '#56b6b9', other: '#93a1af' },
  day: { kept_out: '#8e3c86', controlled: '#33618f', open: '#3c7558', uas: '#1f7478', other: '#5c6975' },
}

export function familyOf(one: VolumeSaid): Family {
  if (KEPT_OUT.has(one.kind)) return 'kept_out'
  if (UAS.has(one.kind) || one.class === 'W') return 'uas'
  if (CONTROLLED.has(one.kind)) return 'controlled'
  if (one.kind === 'airspace') return OPEN.has(one.class) ? 'open' : 'controlled'
  return 'other'
}

export function volumeShapes(): FeatureCollection {
  const now = serverNow()
  const features: Feature[] = []
  for (const one of volumes.value.values()) {
    const said = one.properties
    features.push({
      type: 'Feature',
      properties: {
        id: one.id,
        family: familyOf(said),
        strong: said.kind === 'prohibited',
        active: isOn(said, now),
        wanted: one.id === chosenVolume.value,
        low: said.floor_m,
        label: `${said.name}${said.class ? ` ${said.class}` : ''}\n${said.ceiling}\n${said.floor}`,
      },
      geometry: one.geometry,
    })
  }
  return { type: 'FeatureCollection', features }
}

/** Layers over the source `volumes`, under everything that moves or is closed. */
export function addVolumeLayers(map: MapLibre): void {
  const hues = HUES[theme.value]
  const hue: ExpressionSpecification = ['match', ['get', 'family'], 'kept_out', hues.kept_out, 'controlled', hues.controlled, 'open', hues.open, 'uas', hues.uas, hues.other]
  map.addLayer({
    id: 'volume-fill', type: 'fill', source: 'volumes',
    paint: { 'fill-color': hue, 'fill-opacity': ['case', ['get', 'wanted'], 0.22, ['all', ['get', 'active'], ['==', ['get', 'family'], 'kept_out']], 0.1, ['get', 'active'], 0.04, 0.015] },
  })
  map.addLayer({
    id: 'volume-edge', type: 'line', source: 'volumes', filter: ['get', 'active'],
    paint: { 'line-color': hue, 'line-width': ['case', ['get', 'wanted'], 2.6, ['get', 'strong'], 2, 1.1], 'line-opacity': 0.85 },
  })
  map.addLayer({
    id: 'volume-edge-idle', type: 'line', source: 'volumes', filter: ['!', ['get', 'active']],
    paint: { 'line-color': hue, 'line-width': ['case', ['get', 'wanted'], 2.4, 1], 'line-dasharray': [3, 3], 'line-opacity': 0.7 },
  })
  map.addLayer({
    id: 'volume-name', type: 'symbol', source: 'volumes', minzoom: 7.8,
    layout: { 'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 11, 'text-line-height': 1.15, 'symbol-sort-key': ['get', 'low'], 'text-padding': 6 },
    paint: { 'text-color': hue, 'text-halo-color': token('bg'), 'text-halo-width': 1.4 },
  })
}
