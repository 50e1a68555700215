// What the basemap looks like in both themes. No glyphs entry: MapLibre draws every label from local fonts.
import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl'
import type { Theme } from '../state/theme'
import { BASEMAP_URL } from './basemap'

const FONT = ['Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'Microsoft YaHei', 'PingFang SC', 'sans-serif']
// The extent that basemap/build.py shades.
const RELIEF: [[number, number], [number, number], [number, number], [number, number]] = [
  [111.0, 32.4],
  [121.6, 32.4],
  [121.6, 22.6],
  [111.0, 22.6],
]
export const HOME_BOUNDS: [[number, number], [number, number]] = [
  [113.5, 24.45],
  [118.55, 30.15],
]

interface Palette {
  ground: string
  home: string
  lake: string
  river: string
  county: string
  city: string
  province: string
  homeLine: string
  label: string
  labelFaint: string
  halo: string
  relief: number
}

const PALETTES: Record<Theme, Palette> = {
  night: {
    ground: '#0f151c',
    home: '#172330',
    lake: '#24496b',
    river: '#27465f',
    county: '#223041',
    city: '#2f4153',
    province: '#3d5164',
    homeLine: '#8296a8',
    label: '#a9b8c6',
    labelFaint: '#6c7f91',
    halo: '#10161d',
    relief: 0.28,
  },
  day: {
    ground: '#e6eaee',
    home: '#f8f9fa',
    lake: '#b9d3ea',
    river: '#a9c6e0',
    county: '#dde3e9',
    city: '#c6d0d9',
    province: '#a7b4c1',
    homeLine: '#5c6d7d',
    label: '#3d4c5a',
    labelFaint: '#7d8b98',
    halo: '#ffffff',
    relief: 0.15,
  },
}

const home: ExpressionSpecification = ['==', ['get', 'home'], true]

export function styleOf(theme: Theme): StyleSpecification {
  const p = PALETTES[theme]
  const label = (size: ExpressionSpecification | number, color: string) => ({
    layout: { 'text-field': ['get', 'name'] as ExpressionSpecification, 'text-font': FONT, 'text-size': size, 'text-offset': [0, -0.9] as [number, number] },
    paint: { 'text-color': color, 'text-halo-color': p.halo, 'text-halo-width': 1.2 },
  })
  return {
    version: 8,
    sources: {
      region: { type: 'vector', url: BASEMAP_URL },
      relief: { type: 'image', url: '/basemap/relief.png', coordinates: RELIEF },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': p.ground } },
      { id: 'home', type: 'fill', source: 'region', 'source-layer': 'area', filter: home, paint: { 'fill-color': p.home } },
      { id: 'relief', type: 'raster', source: 'relief', paint: { 'raster-opacity': p.relief, 'raster-fade-duration': 0 } },
      { id: 'lake', type: 'fill', source: 'region', 'source-layer': 'lake', paint: { 'fill-color': p.lake } },
      {
        id: 'river',
        type: 'line',
        source: 'region',
        'source-layer': 'river',
        paint: { 'line-color': p.river, 'line-width': ['case', ['==', ['get', 'great'], true], 2, 1] },
      },
      {
        id: 'county',
        type: 'line',
        source: 'region',
        'source-layer': 'border',
        filter: ['==', ['get', 'level'], 'county'],
        paint: { 'line-color': p.county, 'line-width': 0.7 },
      },
      {
        id: 'city',
        type: 'line',
        source: 'region',
        'source-layer': 'border',
        filter: ['==', ['get', 'level'], 'city'],
        paint: { 'line-color': p.city, 'line-width': ['case', home, 1, 0.6] },
      },
      {
        id: 'province',
        type: 'line',
        source: 'region',
        'source-layer': 'border',
        filter: ['all', ['==', ['get', 'level'], 'province'], ['!', home]],
        paint: { 'line-color': p.province, 'line-width': 1, 'line-dasharray': [4, 2] },
      },
      {
        id: 'home-line',
        type: 'line',
        source: 'region',
        'source-layer': 'border',
        filter: ['all', ['==', ['get', 'level'], 'province'], home],
        paint: { 'line-color': p.homeLine, 'line-width': 1.4 },
      },
      {
        id: 'place-county',
        type: 'symbol',
        source: 'region',
        'source-layer': 'place',
        filter: ['==', ['get', 'level'], 'county'],
        minzoom: 7.2,
        ...label(12, p.labelFaint),
      },
      {
        id: 'place-city-far',
        type: 'symbol',
        source: 'region',
        'source-layer': 'place',
        filter: ['all', ['==', ['get', 'level'], 'city'], ['!', home]],
        minzoom: 6.6,
        ...label(12, p.labelFaint),
      },
      {
        id: 'place-city',
        type: 'symbol',
        source: 'region',
        'source-layer': 'place',
        filter: ['all', ['==', ['get', 'level'], 'city'], home],
        ...label(['interpolate', ['linear'], ['zoom'], 5, 12, 9, 16], p.label),
      },
      {
        id: 'place-province',
        type: 'symbol',
        source: 'region',
        'source-layer': 'place',
        filter: ['==', ['get', 'level'], 'province'],
        maxzoom: 8,
        layout: {
          'text-field': ['get', 'name'],
          'text-font': FONT,
          'text-size': 18,
          'text-letter-spacing': 0.4,
        },
        paint: { 'text-color': p.labelFaint, 'text-halo-color': p.halo, 'text-halo-width': 1 },
      },
    ],
  }
}

export const LABEL_FONT = FONT
