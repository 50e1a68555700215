// The map itself: MapLibre below, deck.gl interleaved, HTML labels above. Reads the typed arrays each frame but draws
// only when something would move by a third of a pixel, so a quiet picture costs next to nothing.
import { MapLibreOverlay } from '@deck.gl/maplibre'
import { Map as MapLibre, setWorkerUrl, ScaleControl, type GeoJSONSource, type MapMouseEvent } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import { serverNow } from '../state/clock'
import { token, theme } from '../state/theme'
import type { Owned } from '../state/fleet'
import type { TrackStore } from '../state/tracks'
import { aircraftLayers, readColours, sceneOf, type Colours, type Drawn } from './aircraft'
import { installBasemap } from './basemap'
import { shapeOf } from './look'
import { HOME_BOUNDS, LABEL_FONT, styleOf } from './style'
import { drawAtlas, type Atlas } from './symbols'
import { airspaceShapes, alarmShapes, closureShapes, legShapes, resourceShapes } from './shapes'
import { addClosureLayers } from './closures'
import { addConflictLayers, conflictShapes } from './conflicts'
import { addRoomLayers, roomShapes } from './rooms'
import { addSearchLayers, searchShapes } from './searches'
import { addPartnerAirspaceLayers, partnerAirspaceShapes } from './partner_airspace'
import { addFootprintLayers, footprintShapes, FOOTPRINT_SOURCE } from './footprints'
import { addTrafficLayers, trafficShapes } from './traffic_areas'
import { addObstacleLayers, obstacleShapes } from './obstacles'
import { addWeatherLayers, weatherShapes } from './weather'
import { addVolumeLayers, FILL_LAYERS, volumeShapes } from './volumes'

setWorkerUrl(workerUrl)

const FRAME_MS = 33
const WORTH_DRAWING_PX = 0.34
const PICK_PX = 18

export interface MapInputs {
  store: TrackStore
  /** Whose the thing at a place in the store is. */
  ownedAt(index: number): Owned
  /** Numbers of tracks; NaN for none. */
  selected(): number
  followed(): number
  incidentInFocus(): string
  highlightedRequest(): string
  layers(): { civil: boolean; trails: boolean; resources: boolean; airspace: boolean; volumes?: boolean; obstacles?: boolean; weather?: boolean; footprints?: boolean }
  /** A picture of another time: its clock and its colours. Nothing planned now is drawn on it. */
  past?: { now(): number; colours(): Colours }
}

export interface MapEvents {
  moved(view: { west: number; south: number; east: number; north: number }): void
  /** `index` of what was hit, in the store. */
  clicked(lon: number, lat: number, index: number | undefined): void
  /** Airspace volumes under the pointer, none when it left. */
  hover?(x: number, y: number, ids: string[]): void
  drawn(drawn: readonly Drawn[]): void
  ready(): void
  failed(): void
}

export class MapView {
  readonly map: MapLibre
  private readonly overlay = new MapLibreOverlay({ interleaved: true, layers: [] })
  private atlas: Atlas | undefined
  private colours: Colours = readColours()
  private drawn: Drawn[] = []
  private lastDrawAt = 0
  private lastRevision = -1
  private lastSecond = 0
  private lastFocus = NaN
  private dirty = true
  private solid = false
  private frame = 0
  private disposed = false

  constructor(
    container: HTMLElement,
    private readonly inputs: MapInputs,
    private readonly events: MapEvents,
  ) {
    installBasemap()
    if (inputs.past) this.colours = inputs.past.colours()
    this.map = new MapLibre({
      container,
      style: styleOf(theme.value),
      bounds: HOME_BOUNDS,
      fitBoundsOptions: { padding: 24 },
      attributionControl: false,
      keyboard: false, // the desk has its own keys
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 15,
      minZoom: 4.5,
      fadeDuration: 0,
    })
    this.map.addControl(new ScaleControl({ maxWidth: 110 }), 'bottom-right')
    this.map.addControl(this.overlay)
    this.map.on('style.load', () => this.addShapes())
    this.map.once('load', () => this.events.ready())
    this.map.on('error', (event) => {
      if (String(event.error?.message).includes('basemap')) this.events.failed()
    })
    this.map.on('moveend', () => this.reportMove())
    this.map.on('move', () => this.events.drawn(this.drawn))
    this.map.on('click', (event: MapMouseEvent) => {
      this.events.clicked(event.lngLat.lng, event.lngLat.lat, this.nearest(event.point.x, event.point.y))
    })
    this.map.on('mousemove', (event: MapMouseEvent) => this.hover(event))
    this.map.on('mouseout', () => this.events.hover?.(0, 0, []))
    void drawAtlas().then((atlas) => {
      this.atlas = atlas
      this.dirty = true
    })
    this.reportMove()
    const loop = (): void => {
      if (this.disposed) return
      this.frame = requestAnimationFrame(loop)
      this.step()
    }
    loop()
  }

  dispose(): void {
    this.disposed = true
    cancelAnimationFrame(this.frame)
    this.map.remove()
  }

  retheme(): void {
    this.colours = this.inputs.past?.colours() ?? readColours()
    this.map.setStyle(styleOf(theme.value))
    this.dirty = true
  }

  setSolid(solid: boolean): void {
    this.solid = solid
    this.map.easeTo({ pitch: solid ? 52 : 0, bearing: solid ? -12 : 0, duration: 400 })
    this.dirty = true
  }

  home(): void {
    this.map.fitBounds(HOME_BOUNDS, { padding: 24, duration: 300 })
  }

  redraw(): void {
    this.dirty = true
  }

  refreshShapes(): void {
    const layers = this.inputs.layers()
    const none = { type: 'FeatureCollection' as const, features: [] }
    this.setData('resources', layers.resources ? resourceShapes() : none)
    this.setData('airspace', layers.airspace ? airspaceShapes(serverNow(), this.inputs.highlightedRequest()) : none)
    this.setData('closures', this.inputs.past || !layers.airspace ? none : closureShapes(serverNow()))
    this.setData('obstacles', this.inputs.past || !layers.obstacles ? none : obstacleShapes())
    this.setData('weather', this.inputs.past || !layers.weather ? none : weatherShapes())
    this.setData('alarms', this.inputs.past ? none : alarmShapes(this.inputs.incidentInFocus()))
    this.setData('conflicts', this.inputs.past ? none : conflictShapes())
    this.setData('searches', this.inputs.past ? none : searchShapes(this.inputs.incidentInFocus()))
    this.setData('rooms', this.inputs.past ? none : roomShapes())
    this.setData('traffic', this.inputs.past || !layers.airspace ? none : trafficShapes(this.inputs.incidentInFocus()))
    this.setData('partner-air', this.inputs.past || !layers.airspace ? none : partnerAirspaceShapes())
    this.setData('legs', this.inputs.past ? none : legShapes(this.inputs.incidentInFocus()))
  }

  /** Where cameras look: several times a second, so on its own. */
  refreshFootprints(): void {
    const shown = !this.inputs.past && this.inputs.layers().footprints === true
    this.setData(FOOTPRINT_SOURCE, shown ? footprintShapes() : { type: 'FeatureCollection', features: [] })
  }

  /** Marks of a consultation: each shows at once, and nothing else of the map is drawn anew for it. */
  refreshRooms(): void {
    this.setData('rooms', this.inputs.past ? { type: 'FeatureCollection', features: [] } : roomShapes())
  }

  /** Airspace volumes: thousands, so on their own and only when they change. */
  refreshVolumes(): void {
    const none = { type: 'FeatureCollection' as const, features: [] }
    this.setData('volumes', this.volumesShown() ? volumeShapes() : none)
    if (!this.volumesShown()) this.events.hover?.(0, 0, []) // what the pointer was over is gone, and the pointer may not move
  }

  private volumesShown(): boolean {
    return !this.inputs.past && this.inputs.layers().volumes === true
  }

  private hover(event: MapMouseEvent): void {
    if (!this.events.hover || !this.volumesShown() || !this.map.getLayer(FILL_LAYERS[0]!)) return
    const found = this.map.queryRenderedFeatures(event.point, { layers: [...FILL_LAYERS] })
    const ids = [...new Set(found.map((one) => String(one.properties['id'])))]
    this.events.hover(event.point.x, event.point.y, ids)
  }

  private setData(name: string, data: GeoJSON.FeatureCollection): void {
    this.map.getSource<GeoJSONSource>(name)?.setData(data)
  }

  private reportMove(): void {
    const box = this.map.getBounds()
    this.events.moved({ west: box.getWest(), south: box.getSouth(), east: box.getEast(), north: box.getNorth() })
  }

  private addShapes(): void {
    const none = { type: 'FeatureCollection' as const, features: [] }
    for (const name of ['volumes', 'resources', 'airspace', 'closures', 'alarms', 'legs', 'conflicts', 'obstacles', 'searches', 'traffic', 'weather', 'partner-air', 'rooms', FOOTPRINT_SOURCE]) this.map.addSource(name, { type: 'geojson', data: none })
    addVolumeLayers(this.map)
    const own = token('own')
    const line = token('text')
    this.map.addLayer({
      id: 'airspace-fill', type: 'fill', source: 'airspace', filter: ['==', ['get', 'part'], 'circle'],
      paint: { 'fill-color': own, 'fill-opacity': ['case', ['get', 'wanted'], 0.12, 0.05] },
    })
    this.map.addLayer({
      id: 'airspace-granted', type: 'line', source: 'airspace', filter: ['get', 'granted'],
      paint: { 'line-color': own, 'line-width': ['case', ['get', 'wanted'], 2, 1.2] },
    })
    this.map.addLayer({
      id: 'airspace-asked', type: 'line', source: 'airspace', filter: ['!', ['get', 'granted']],
      paint: {
        'line-color': ['case', ['get', 'off'], token('warning'), line],
        'line-width': ['case', ['get', 'wanted'], 2, 1],
        'line-dasharray': [4, 3],
      },
    })
    addClosureLayers(this.map)
    addWeatherLayers(this.map)
    addObstacleLayers(this.map)
    addPartnerAirspaceLayers(this.map)
    addTrafficLayers(this.map)
    addSearchLayers(this.map)
    addFootprintLayers(this.map)
    this.map.addLayer({
      id: 'alarm-areas', type: 'line', source: 'alarms', filter: ['==', ['get', 'kind'], 'area'],
      paint: { 'line-color': token('warning'), 'line-width': 1.6, 'line-dasharray': [2, 2] },
    })
    this.map.addLayer({
      id: 'alarm-pixels', type: 'line', source: 'alarms', filter: ['==', ['get', 'kind'], 'pixel'],
      paint: { 'line-color': token('warning'), 'line-width': 1, 'line-opacity': 0.8 },
    })
    this.map.addLayer({
      id: 'legs-plan', type: 'line', source: 'legs', filter: ['==', ['get', 'kind'], 'plan'],
      paint: { 'line-color': own, 'line-width': 1.4, 'line-dasharray': [4, 3], 'line-opacity': 0.8 },
    })
    this.map.addLayer({
      id: 'legs-cycle', type: 'line', source: 'legs', filter: ['==', ['get', 'kind'], 'cycle'],
      paint: { 'line-color': own, 'line-width': 1.4, 'line-dasharray': [1, 2], 'line-opacity': 0.9 },
    })
    this.map.addLayer({
      id: 'legs-preview', type: 'line', source: 'legs', filter: ['==', ['get', 'kind'], 'preview'],
      paint: { 'line-color': line, 'line-width': 1.8, 'line-dasharray': [0.5, 2.5] },
      layout: { 'line-cap': 'round' },
    })
    this.map.addLayer({
      id: 'legs-diversion', type: 'line', source: 'legs', filter: ['==', ['get', 'kind'], 'diversion'],
      paint: { 'line-color': token('warning'), 'line-width': 2, 'line-dasharray': [4, 2] },
    })
    this.map.addLayer({
      id: 'legs-goal', type: 'circle', source: 'legs', filter: ['==', ['get', 'kind'], 'goal'],
      paint: { 'circle-radius': 8, 'circle-opacity': 0, 'circle-stroke-width': 2.5, 'circle-stroke-color': ['case', ['get', 'down'], token('danger'), token('warning')] },
    })
    this.map.addLayer({
      id: 'legs-goal-name', type: 'symbol', source: 'legs', filter: ['==', ['get', 'kind'], 'goal'],
      layout: { 'text-field': ['get', 'label'], 'text-font': LABEL_FONT, 'text-size': 13, 'text-offset': [0, 1], 'text-anchor': 'top', 'text-allow-overlap': true },
      paint: { 'text-color': ['case', ['get', 'down'], token('danger'), token('warning')], 'text-halo-color': token('bg'), 'text-halo-width': 1.6 },
    })
    addConflictLayers(this.map)
    addRoomLayers(this.map)
    this.map.addLayer({
      id: 'resource-water', type: 'circle', source: 'resources', filter: ['==', ['get', 'kind'], 'water'], minzoom: 6.5,
      paint: { 'circle-radius': 3, 'circle-color': token('bg'), 'circle-stroke-width': 1.4, 'circle-stroke-color': own },
    })
    this.map.addLayer({
      id: 'resource-base', type: 'circle', source: 'resources', filter: ['!=', ['get', 'kind'], 'water'],
      paint: { 'circle-radius': 3.5, 'circle-color': token('bg'), 'circle-stroke-width': 1.6, 'circle-stroke-color': line },
    })
    this.map.addLayer({
      id: 'resource-name', type: 'symbol', source: 'resources', minzoom: 7.4,
      layout: {
        'text-field': ['get', 'name'], 'text-font': LABEL_FONT, 'text-size': 11, 'text-offset': [0, 0.7],
        'text-anchor': 'top', 'text-optional': true,
      },
      paint: { 'text-color': token('muted'), 'text-halo-color': token('bg'), 'text-halo-width': 1.2 },
    })
    this.refreshShapes()
    this.refreshFootprints()
    this.refreshVolumes()
    this.dirty = true
  }

  private step(): void {
    const clock = performance.now()
    if (!this.atlas || clock - this.lastDrawAt < FRAME_MS) return
    const now = this.inputs.past?.now() ?? serverNow()
    const second = Math.floor(now / 1000)
    const focus = this.inputs.selected()
    const due =
      this.dirty ||
      // ages move on, and each second something is heard; over an empty sky nothing changes
      ((this.inputs.store.revision !== this.lastRevision || second !== this.lastSecond) && this.inputs.store.count + this.drawn.length > 0) ||
      !Object.is(focus, this.lastFocus) ||
      this.movedEnough(now)
    if (!due) return
    this.dirty = false
    this.lastRevision = this.inputs.store.revision
    this.lastSecond = second
    this.lastFocus = focus
    this.lastDrawAt = clock
    this.draw(now)
  }

  /** The fastest of the drawn aircraft, in pixels since the last drawing. */
  private movedEnough(now: number): boolean {
    const pixelsPerDegree = (512 * 2 ** this.map.getZoom()) / 360
    const step = WORTH_DRAWING_PX / pixelsPerDegree
    for (const one of this.drawn) {
      if (one.index >= this.inputs.store.count) return true
      const [lon, lat] = this.inputs.store.drawn(one.index, now)
      if (Math.abs(lon - one.lon) > step || Math.abs(lat - one.lat) > step) return true
    }
    return false
  }

  private draw(now: number): void {
    const { store } = this.inputs
    const layers = this.inputs.layers()
    const selected = this.inputs.selected()
    this.drawn = []
    for (let i = 0; i < store.count; i++) {
      const number = store.number[i]!
      const { record, affiliation } = this.inputs.ownedAt(i)
      if (affiliation === 'civil' && !layers.civil && number !== selected) continue
      const [lon, lat] = store.drawn(i, now)
      this.drawn.push({
        index: i, number, lon, lat,
        freshness: store.freshness(i, now),
        affiliation,
        shape: shapeOf({
          record,
          kind: store.label(i)?.kind,
          category: store.label(i)?.emitterCategory ?? '',
          sourceKind: store.sourceKind(i),
          partner: affiliation === 'partner',
        }),
        selected: number === selected,
      })
    }
    const scene = sceneOf({ store, now, drawn: this.drawn, colours: this.colours, atlas: this.atlas!, solid: this.solid, trails: layers.trails })
    this.overlay.setProps({ layers: aircraftLayers(scene) })
    this.follow()
    this.events.drawn(this.drawn)
  }

  private follow(): void {
    const number = this.inputs.followed()
    const one = this.drawn.find((item) => item.number === number)
    if (one && !this.map.isMoving()) this.map.setCenter([one.lon, one.lat])
  }

  private nearest(x: number, y: number): number | undefined {
    let best: number | undefined
    let least = PICK_PX
    for (const one of this.drawn) {
      const p = this.map.project([one.lon, one.lat])
      const gap = Math.hypot(p.x - x, p.y - y)
      if (gap < least) {
        least = gap
        best = one.index
      }
    }
    return best
  }
}
