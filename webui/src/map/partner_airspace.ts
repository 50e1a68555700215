// Partners' airspace on the map: in the partners' hue, dashed and unfilled, because it is not ours and nobody here approves it.
import type { Feature, FeatureCollection, Position as GeoPosition } from 'geojson'
import type { Map as MapLibre } from 'maplibre-gl'
import { metres } from '../state/format'
import { along, circle, corridor } from '../state/geodesy'
import { partnerAirspace, type PartnerVolume } from '../state/partner_airspace'
import { provinceOf } from '../state/province'
import { token } from '../state/theme'
import { t } from '../text'
import { LABEL_FONT } from './style'

const place = (at: { lon_deg: number; lat_deg: number }) => ({ lon: at.lon_deg, lat: at.lat_deg })
const corner = (at: { lon_deg: number; lat_deg: number }): GeoPosition => [at.lon_deg, at.lat_deg]

function outlines(one: PartnerVolume): GeoPosition[][] {
  const foot = one.terms.footprint
  if (foot.centre) return [circle(place(foot.centre), foot.radius_m)]
  if (foot.line.length > 1) return foot.line.slice(1).map((end, n) => corridor(place(foot.line[n]!), place(end), foot.half_width_m))
  return [foot.ring, ...foot.holes.map((hole) => hole.corners)].filter((ring) => ring.length > 2).map((ring) => [...ring, ring[0]!].map(corner))
}
const height = (one: PartnerVolume['terms']['floor']): string => (one.unlimited ? t.links.airUnlimited : one.stated || `${metres(one.value_m)} ${one.datum.toUpperCase()}`)

export function partnerAirspaceShapes(): FeatureCollection {
  const features: Feature[] = []
  const edge = (ring: GeoPosition[], faint: boolean): void => void features.push({ type: 'Feature', properties: { part: 'edge', faint }, geometry: { type: 'LineString', coordinates: ring } })
  const name = (at: GeoPosition, label: string): void => void features.push({ type: 'Feature', properties: { part: 'name', label }, geometry: { type: 'Point', coordinates: at } })
  for (const told of partnerAirspace.value) {
    const province = provinceOf(told.site)
    for (const area of told.areas.filter((one) => !one.withdrawn_at)) {
      const centre = place(area.centre)
      edge(circle(centre, area.working_m), false)
      edge(circle(centre, area.hold_m), false)
      edge(circle(centre, area.call_m), true)
      const top = along(centre, 0, area.working_m)
      name([top.lon, top.lat], `${province} · ${t.links.airArea}`)
    }
    for (const one of told.volumes.filter((each) => !each.withdrawn_at)) {
      const rings = outlines(one)
      for (const ring of rings) edge(ring, false)
      const top = rings[0]?.reduce((best, at) => (at[1]! > best[1]! ? at : best))
      if (top) name(top, `${province} · ${one.terms.name}\n${height(one.terms.ceiling)}\n${height(one.terms.floor)}`)
    }
  }
  return { type: 'FeatureCollection', features }
}

/** Layers over the source `partner-air`. */
export function addPartnerAirspaceLayers(map: MapLibre): void {
  const partner = token('partner')
  map.addLayer({
    id: 'partner-air-edge', type: 'line', source: 'partner-air', filter: ['==', ['get', 'part'], 'edge'],
    paint: { 'line-color': partner, 'line-width': ['case', ['get', 'faint'], 0.9, 1.5], 'line-dasharray': [6, 3], 'line-opacity': 0.9 },
  })
  map.addLayer({
    id: 'partner-air-name', type: 'symbol', source: 'partner-air', filter: ['==', ['get', 'part'], 'name'], minzoom: 7,
    layout: { 'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 11, 'text-line-height': 1.15, 'text-anchor': 'bottom', 'text-padding': 4 },
    paint: { 'text-color': partner, 'text-halo-color': token('bg'), 'text-halo-width': 1.4 },
  })
}
