// Incident airspace on the map: rings dashed, filled only where ATC has granted it, entries, one-way circuits, zones.
import type { Feature, FeatureCollection, Position as GeoPosition } from 'geojson'
import type { Map as MapLibre } from 'maplibre-gl'
import { distance } from '../state/format'
import { along, circle, type LonLat } from '../state/geodesy'
import { token } from '../state/theme'
import { areaNow, areaOf, intrusionDraft, openIntrusions, placeOf } from '../state/traffic_areas'
import { t, word } from '../text'
import type { TrafficZone } from '../wire/schema'
import { LABEL_FONT } from './style'

const line = (coordinates: GeoPosition[], properties: Record<string, unknown>): Feature => ({ type: 'Feature', properties, geometry: { type: 'LineString', coordinates } })
const polygon = (coordinates: GeoPosition[][], properties: Record<string, unknown>): Feature => ({ type: 'Feature', properties, geometry: { type: 'Polygon', coordinates } })
const point = (at: LonLat, properties: Record<string, unknown>): Feature => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [at.lon, at.lat] } })

/** Of the incident in focus. */
export function trafficShapes(incidentId: string): FeatureCollection {
  const features: Feature[] = []
  const area = areaOf(incidentId)
  const open = openIntrusions(incidentId)
  if (area?.centre) {
    const centre = placeOf(area.centre)
    const stopped = open.length > 0
    const now = areaNow.value?.area.id === area.id ? areaNow.value : null
    for (const rings of now?.approved.polygons ?? []) features.push(polygon(rings.map((ring) => ring.map((at) => [at.lon_deg, at.lat_deg])), { part: 'approved', stopped }))
    const rings = [['working', area.workingM], ['hold', area.holdM], ['call', area.callM]] as const
    for (const [name, radius] of rings) {
      features.push(line(circle(centre, radius), { part: 'ring', name, stopped }))
      const label = `${word(t.fta.ring, name)} ${distance(radius)}${stopped && name === 'working' ? ` · ${t.fta.suspended}` : ''}`
      features.push(point(along(centre, 0, radius), { part: 'ring-name', label, stopped }))
    }
    for (const one of area.entries) features.push(point(placeOf(one.position), { part: 'entry', label: t.fta.entryAt(word(t.fta.wind, one.name)), stopped }))
    const zones = new Map<string, [TrafficZone, boolean]>()
    for (const one of area.circuits) {
      features.push(line(one.loop.map((at) => [placeOf(at).lon, placeOf(at).lat]), { part: 'circuit', crosses: one.crosses.length > 0 }))
      if (one.dip) zones.set(`dip ${one.dip.name}`, [one.dip, true])
      if (one.drop) zones.set(`drop ${one.drop.name}`, [one.drop, false])
    }
    for (const [zone, dip] of zones.values()) {
      const inside = now?.occupied.find((one) => one.zone === zone.name && one.dip === dip)
      const label = `${dip ? t.fta.dip(zone.name) : t.fta.drop(zone.name)}${inside ? ` · ${inside.names.join('、')}` : ''}`
      features.push(polygon([circle(placeOf(zone.centre), zone.radiusM, 36)], { part: 'zone', taken: !!inside, crowded: inside?.crowded ?? false }))
      features.push(point(along(placeOf(zone.centre), 0, zone.radiusM), { part: 'zone-name', label, crowded: inside?.crowded ?? false }))
    }
  }
  for (const one of open) features.push(point(placeOf(one.position), { part: 'drone', label: t.fta.drone }))
  const draft = intrusionDraft.value
  if (draft?.place) features.push(point(draft.place, { part: 'drone', label: t.fta.drone }))
  return { type: 'FeatureCollection', features }
}

/** Layers over the source `traffic`. */
export function addTrafficLayers(map: MapLibre): void {
  const own = token('own')
  const danger = token('danger')
  const warning = token('warning')
  const text = token('text')
  const is = (part: string): ['==', ['get', 'part'], string] => ['==', ['get', 'part'], part]
  map.addLayer({
    id: 'traffic-approved', type: 'fill', source: 'traffic', filter: is('approved'),
    paint: { 'fill-color': ['case', ['get', 'stopped'], danger, own], 'fill-opacity': 0.12 },
  })
  map.addLayer({
    id: 'traffic-ring', type: 'line', source: 'traffic', filter: is('ring'),
    paint: { 'line-color': ['case', ['get', 'stopped'], danger, text], 'line-width': ['case', ['==', ['get', 'name'], 'call'], 0.9, 1.4], 'line-dasharray': [5, 4], 'line-opacity': 0.75 },
  })
  map.addLayer({
    id: 'traffic-circuit', type: 'line', source: 'traffic', filter: is('circuit'),
    paint: { 'line-color': ['case', ['get', 'crosses'], warning, own], 'line-width': 1.6 },
  })
  map.addLayer({
    id: 'traffic-direction', type: 'symbol', source: 'traffic', filter: is('circuit'),
    layout: { 'symbol-placement': 'line', 'symbol-spacing': 60, 'text-field': '›', 'text-font': LABEL_FONT, 'text-size': 20, 'text-keep-upright': false, 'text-allow-overlap': true, 'text-ignore-placement': true },
    paint: { 'text-color': ['case', ['get', 'crosses'], warning, own], 'text-halo-color': token('bg'), 'text-halo-width': 1.2 },
  })
  map.addLayer({
    id: 'traffic-zone', type: 'fill', source: 'traffic', filter: is('zone'),
    paint: { 'fill-color': ['case', ['get', 'crowded'], danger, own], 'fill-opacity': ['case', ['get', 'taken'], 0.45, 0.12] },
  })
  map.addLayer({
    id: 'traffic-zone-edge', type: 'line', source: 'traffic', filter: is('zone'),
    paint: { 'line-color': ['case', ['get', 'crowded'], danger, own], 'line-width': 1.4 },
  })
  map.addLayer({
    id: 'traffic-entry', type: 'circle', source: 'traffic', filter: is('entry'),
    paint: { 'circle-radius': 5, 'circle-color': token('surface'), 'circle-stroke-width': 2, 'circle-stroke-color': ['case', ['get', 'stopped'], danger, own] },
  })
  map.addLayer({
    id: 'traffic-drone', type: 'circle', source: 'traffic', filter: is('drone'),
    paint: { 'circle-radius': 7, 'circle-color': danger, 'circle-stroke-width': 2, 'circle-stroke-color': token('bg') },
  })
  map.addLayer({
    id: 'traffic-name', type: 'symbol', source: 'traffic', filter: ['in', ['get', 'part'], ['literal', ['ring-name', 'entry', 'zone-name', 'drone']]],
    layout: {
      'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 12,
      'text-anchor': 'bottom', 'text-offset': ['case', ['==', ['get', 'part'], 'zone-name'], ['literal', [0, -0.3]], ['literal', [0, -0.7]]], // names of places stand below them
    },
    paint: { 'text-color': ['case', ['any', ['==', ['get', 'stopped'], true], ['==', ['get', 'crowded'], true], ['==', ['get', 'part'], 'drone']], danger, text], 'text-halo-color': token('bg'), 'text-halo-width': 1.6 },
  })
}
