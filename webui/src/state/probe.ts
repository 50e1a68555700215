// A small read-only window for browser tests: what this page believes, as plain values.
import { serverNow } from './clock'
import { session } from './session'
import { link, loaded, site, tables, through, tracks } from './world'

export function installProbe(): void {
  const probe = Object.freeze({
    tracks: () =>
      tracks.all(serverNow()).map((one) => ({
        icao24: one.icao24,
        id: one.id,
        name: one.name,
        lon: one.lon,
        lat: one.lat,
        age_s: one.age_ms / 1000,
        freshness: one.freshness,
        simulated: one.simulated,
        site: one.site,
        callsign: one.callsign,
        cadence_s: (tracks.cadence[tracks.indexOf(one.number) ?? 0] ?? 0) / 1000,
      })),
    get link() {
      return link.value
    },
    get through() {
      return through.value
    },
    get loaded() {
      return loaded.value
    },
    get role() {
      return session.value?.role ?? ''
    },
    get site() {
      return site.value?.id ?? ''
    },
    counts: () => Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, table.size])),
  })
  Object.defineProperty(window, '__ganying', { value: probe, configurable: true })
}
