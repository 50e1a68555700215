// Closed airspace on the map: hatched, so that it is told from a block by more than its colour; dashed until it begins.
import type { Map as MapLibre } from 'maplibre-gl'
import { token } from '../state/theme'
import { LABEL_FONT } from './style'

const HATCH = 'closure-hatch'
const TILE_PX = 10

/** Slanting lines of one colour on nothing. */
function hatch(colour: string): ImageData {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = TILE_PX
  const pen = canvas.getContext('2d')!
  pen.strokeStyle = colour
  pen.lineWidth = 1.2
  for (const shift of [-TILE_PX, 0, TILE_PX]) {
    pen.moveTo(shift, TILE_PX)
    pen.lineTo(shift + TILE_PX, 0)
  }
  pen.stroke()
  return pen.getImageData(0, 0, TILE_PX, TILE_PX)
}

/** Layers over the source `closures` (shapes.ts). A style that was changed has lost its images. */
export function addClosureLayers(map: MapLibre): void {
  const danger = token('danger')
  if (!map.hasImage(HATCH)) map.addImage(HATCH, hatch(danger))
  const area = ['==', ['geometry-type'], 'Polygon'] as ['==', ['geometry-type'], 'Polygon']
  map.addLayer({
    id: 'closure-tint', type: 'fill', source: 'closures', filter: area,
    paint: { 'fill-color': danger, 'fill-opacity': ['case', ['get', 'active'], 0.1, 0.04] },
  })
  map.addLayer({
    id: 'closure-hatch', type: 'fill', source: 'closures', filter: ['all', area, ['get', 'active']],
    paint: { 'fill-pattern': HATCH, 'fill-opacity': 0.45 },
  })
  map.addLayer({
    id: 'closure-edge', type: 'line', source: 'closures', filter: ['get', 'active'],
    paint: { 'line-color': danger, 'line-width': ['case', ['get', 'wanted'], 2.4, 1.4] },
  })
  map.addLayer({
    id: 'closure-edge-ahead', type: 'line', source: 'closures', filter: ['!', ['get', 'active']],
    paint: { 'line-color': danger, 'line-width': ['case', ['get', 'wanted'], 2, 1.2], 'line-dasharray': [4, 3] },
  })
  map.addLayer({
    id: 'closure-corner', type: 'circle', source: 'closures', filter: ['has', 'corner'],
    paint: { 'circle-radius': 4, 'circle-color': token('surface'), 'circle-stroke-width': 2, 'circle-stroke-color': danger },
  })
  map.addLayer({
    id: 'closure-name', type: 'symbol', source: 'closures', filter: ['has', 'label'],
    layout: {
      'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 12, 'text-line-height': 1.25,
      'text-anchor': 'bottom', 'text-offset': [0, -0.3], 'text-allow-overlap': true,
    },
    paint: { 'text-color': token('text'), 'text-halo-color': token('bg'), 'text-halo-width': 1.6 },
  })
}
