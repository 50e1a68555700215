// What-ifs: changes to the situation, and what the server says a proposal would then be.
import { t } from '../text'
import { tables } from './world'

export type Kind = 'lock' | 'forbid' | 'lose_aircraft' | 'lose_base' | 'lose_water' | 'add_water' | 'add_aircraft' | 'borrow' | 'grow_fire'

export type Change = { kind: Kind } & Record<string, unknown>

export interface Pair<T> {
  before: T
  after: T
}

export interface Served {
  first_min: number | null
  litres: number
  visits: number
  aircraft: string[]
}

export interface WhatIf {
  id: string
  changes: Change[]
  difference: {
    score: Pair<number>
    terms: Record<string, Pair<number>>
    incidents: ({ incident_id: string } & Pair<Served | null>)[]
    aircraft: ({ aircraft_id: string } & Pair<string[] | null>)[]
  }
  violations: { code: string; aircraft_id: string | null; detail: string }[]
  score: number
  real: boolean
}

/** What each kind of change asks for, in the order of the form. */
export const FIELDS: Record<Kind, readonly string[]> = {
  forbid: ['aircraft_id', 'incident_or_all'],
  lock: ['aircraft_id', 'incident_id'],
  lose_aircraft: ['aircraft_id'],
  borrow: ['like', 'base_id', 'ready_min', 'release_h', 'cost_per_hour'],
  add_aircraft: ['like', 'base_id'],
  lose_water: ['water_point_id'],
  add_water: ['name', 'depth_m', 'max_aircraft'],
  lose_base: ['base_id'],
  grow_fire: ['incident_id', 'demand_t', 'growth_tph'],
}

/** The server's form of a change from what was typed; the place of a new water point is that of the incident's. */
export function changeOf(kind: Kind, typed: Record<string, string>, at: { lon: number; lat: number; elevation_m: number }): Change {
  const number = (key: string): number => Number(typed[key])
  switch (kind) {
    case 'forbid':
      return { kind, aircraft_id: typed['aircraft_id'], ...(typed['incident_or_all'] ? { incident_id: typed['incident_or_all'] } : {}) }
    case 'borrow':
      return {
        kind,
        like: typed['like'],
        base_id: typed['base_id'],
        ready_s: number('ready_min') * 60,
        release_s: number('ready_min') * 60 + number('release_h') * 3600,
        cost_per_hour: number('cost_per_hour'),
      }
    case 'add_water': {
      const id = `WHAT-IF-${Math.round(at.lon * 1e4)}-${Math.round(at.lat * 1e4)}`
      const place = { id, name: typed['name'] || id, lon: at.lon, lat: at.lat, elevation_m: at.elevation_m }
      return { kind, water_point: { ...place, modes: ['bucket', 'snorkel'], depth_m: number('depth_m'), max_aircraft: number('max_aircraft') } }
    }
    case 'grow_fire':
      return { kind, incident_id: typed['incident_id'], demand_l: number('demand_t') * 1000, growth_lps: number('growth_tph') / 3.6 }
    default:
      return Object.assign({ kind }, ...FIELDS[kind].map((key) => ({ [key]: typed[key] }))) as Change
  }
}

/** How a thing is called; of one more of a kind, by the one it is like. */
export function called(id: string): string {
  const [like = '', more] = id.split('+')
  const name = tables.aircraft.get(like)?.name ?? like
  return more === undefined ? name : `${name}+${more}`
}

/** What a person locked or banned, in words, from a plan's own record of it. */
export function conditionsOf(bytes: Uint8Array): string[] {
  const changes = JSON.parse(new TextDecoder().decode(bytes)) as Change[]
  return changes.map((one) => {
    const incident = one['incident_id'] ? (tables.incidents.get(String(one['incident_id']))?.title ?? String(one['incident_id'])) : t.whatIf.everything
    const aircraft = called(String(one['aircraft_id']))
    return one.kind === 'lock' ? t.whatIf.say.lock(aircraft, incident) : t.whatIf.say.forbid(aircraft, incident)
  })
}
