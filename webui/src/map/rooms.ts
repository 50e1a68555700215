// Marks of the consultation that is open: lines, areas, arrows, texts and symbols in the hue of their author's site.
import type { Feature, FeatureCollection } from 'geojson'
import type { Map as MapLibre } from 'maplibre-gl'
import { hueOf, isOurs, loose, markTaker, marks, openRoomId, provinceOf, SIGN, sketch, symbol, tool } from '../state/rooms'
import { theme, token } from '../state/theme'
import { t, word } from '../text'
import { deg, kindWord, RoomSymbol, StrokeKind } from '../wire/schema'
import { LABEL_FONT } from './style'

type Point = [number, number]
const HEAD = 0.22 // of an arrow's last leg
const HEAD_HALF = 0.36 // of the head's length

/** The head of an arrow, in degrees drawn as they look at this latitude. */
function headOf(points: Point[]): Point[] {
  const [ax, ay] = points.at(-2)!
  const [bx, by] = points.at(-1)!
  const k = Math.cos((by * Math.PI) / 180) || 1
  const dx = (bx - ax) * k * HEAD
  const dy = (by - ay) * HEAD
  const left: Point = [bx - (dx + dy * HEAD_HALF * 1.6) / k, by - dy + dx * HEAD_HALF * 1.6]
  const right: Point = [bx - (dx - dy * HEAD_HALF * 1.6) / k, by - dy - dx * HEAD_HALF * 1.6]
  return [left, [bx, by], right, left]
}

function shape(kind: string, points: Point[], properties: Record<string, unknown>): Feature[] {
  const first = points[0]!
  const at = (part: string, geometry: Feature['geometry']): Feature => ({ type: 'Feature', properties: { ...properties, part }, geometry })
  if (kind === 'symbol') return [at('symbol', { type: 'Point', coordinates: first })]
  if (kind === 'text') return [at('text', { type: 'Point', coordinates: first })]
  const found: Feature[] = [at('label', { type: 'Point', coordinates: points[Math.floor(points.length / 2)]! })]
  if (kind === 'area' && points.length > 2) return [...found, at('area', { type: 'Polygon', coordinates: [[...points, first]] }), at('line', { type: 'LineString', coordinates: [...points, first] })]
  found.push(at('line', { type: 'LineString', coordinates: points }))
  if (kind === 'arrow' && points.length > 1) found.push(at('head', { type: 'Polygon', coordinates: [headOf(points)] }))
  return found
}

export function roomShapes(): FeatureCollection {
  const features: Feature[] = []
  if (!openRoomId.value && !markTaker.value && !loose.value.length) return { type: 'FeatureCollection', features }
  const day = theme.value === 'day'
  const own = token('own')
  for (const one of marks.value) {
    const drawn = one.stroke!
    const sign = drawn.symbol === undefined ? '' : kindWord(RoomSymbol, drawn.symbol)
    const from = isOurs(one.site) ? '' : `${provinceOf(one.site)} `
    const words = `${from}${drawn.text || (sign ? word(t.room.symbol, sign) : '')}`.trim()
    const points = drawn.points.map((at): Point => [deg(at.lonE7), deg(at.latE7)])
    if (points.length) features.push(...shape(kindWord(StrokeKind, drawn.kind), points, { id: one.id, hue: hueOf(one.site, day, own), words, sign: SIGN[sign] ?? '', sketch: false }))
  }
  for (const one of loose.value) {
    const points = one.points.map((at): Point => [at.lon_deg, at.lat_deg])
    const words = one.text || (one.symbol ? word(t.room.symbol, one.symbol) : '')
    features.push(...shape(one.kind, points, { hue: own, words, sign: SIGN[one.symbol ?? ''] ?? '', sketch: false }))
  }
  const drawing = sketch.value.map((at): Point => [at.lon, at.lat])
  if (tool.value && drawing.length > 1) features.push(...shape(tool.value, drawing, { hue: own, words: '', sign: SIGN[symbol.value] ?? '', sketch: true }))
  for (const at of drawing) features.push({ type: 'Feature', properties: { part: 'corner', hue: own }, geometry: { type: 'Point', coordinates: at } })
  return { type: 'FeatureCollection', features }
}

/** Layers over the source `rooms`. */
export function addRoomLayers(map: MapLibre): void {
  const part = (name: string): ['==', ['get', string], string] => ['==', ['get', 'part'], name]
  const hue: ['get', string] = ['get', 'hue']
  const halo = { 'text-halo-color': token('bg'), 'text-halo-width': 1.8 }
  map.addLayer({ id: 'room-area', type: 'fill', source: 'rooms', filter: part('area'), paint: { 'fill-color': hue, 'fill-opacity': 0.14 } })
  map.addLayer({ id: 'room-line', type: 'line', source: 'rooms', filter: ['all', part('line'), ['!', ['get', 'sketch']]], layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': hue, 'line-width': 3 } })
  map.addLayer({ id: 'room-sketch', type: 'line', source: 'rooms', filter: ['all', part('line'), ['get', 'sketch']], paint: { 'line-color': hue, 'line-width': 2.4, 'line-dasharray': [2, 1.6] } })
  map.addLayer({ id: 'room-head', type: 'fill', source: 'rooms', filter: part('head'), paint: { 'fill-color': hue } })
  map.addLayer({ id: 'room-corner', type: 'circle', source: 'rooms', filter: part('corner'), paint: { 'circle-radius': 4, 'circle-color': token('surface'), 'circle-stroke-width': 2, 'circle-stroke-color': hue } })
  map.addLayer({ id: 'room-plate', type: 'circle', source: 'rooms', filter: part('symbol'), paint: { 'circle-radius': 12, 'circle-color': token('surface'), 'circle-stroke-width': 2.5, 'circle-stroke-color': hue } })
  map.addLayer({
    id: 'room-sign', type: 'symbol', source: 'rooms', filter: part('symbol'),
    layout: { 'text-field': ['get', 'sign'], 'text-font': LABEL_FONT, 'text-size': 14, 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': hue },
  })
  map.addLayer({
    id: 'room-sign-words', type: 'symbol', source: 'rooms', filter: part('symbol'),
    layout: { 'text-field': ['get', 'words'], 'text-font': LABEL_FONT, 'text-size': 12.5, 'text-anchor': 'top', 'text-offset': [0, 1.1], 'text-allow-overlap': true }, paint: { 'text-color': hue, ...halo },
  })
  map.addLayer({
    id: 'room-words', type: 'symbol', source: 'rooms', filter: ['in', ['get', 'part'], ['literal', ['text', 'label']]],
    layout: { 'text-field': ['get', 'words'], 'text-font': LABEL_FONT, 'text-size': 14, 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': hue, ...halo },
  })
}
