// Whose a track is: an aircraft of the fleet by its address or through its identity, a thing people registered, a team
// or vehicle of ours by the terminal it carries, a neighbour's, or other traffic.
import { computed } from 'vue'
import { SourceKind, type Aircraft, type Identity } from '../wire/schema'
import type { Affiliation } from './tracks'
import { aircraftByAddress, site, tables, tracks } from './world'

const REGISTRATION = 'registration:'
/** Terminals and phones that are let in one by one: whoever carries one belongs to the response. */
const OURS = new Set([SourceKind.TERMINAL, SourceKind.NMEA, SourceKind.COT, SourceKind.PHONE, SourceKind.REPORT])

/** Aircraft by the id of the thing they are: their identity, else their registration. */
const aircraftById = computed(() => {
  const found = new Map<string, Aircraft>()
  for (const one of tables.aircraft.values()) found.set(REGISTRATION + one.id.replace(/\s+/g, '').toUpperCase(), one)
  for (const one of tables.identities.values()) {
    const linked = one.aircraftId && !one.retired ? tables.aircraft.get(one.aircraftId) : undefined
    if (linked) found.set(one.id, linked)
  }
  return found
})

export function identityOf(id: string): Identity | undefined {
  return tables.identities.get(id)
}

export function aircraftOf(address: number, id: string): Aircraft | undefined {
  return aircraftByAddress.value.get(address) ?? aircraftById.value.get(id)
}

export function affiliationOf(record: Aircraft | undefined, id: string, sourceKind: SourceKind, from: string): Affiliation {
  const own = site.value?.id ?? ''
  const owner = record?.site ?? identityOf(id)?.site
  if (owner) return owner === own ? 'own' : 'partner'
  if (from && from !== own) return 'partner'
  return OURS.has(sourceKind) ? 'own' : 'civil'
}

export interface Owned {
  record: Aircraft | undefined
  affiliation: Affiliation
}

/** Of the thing at a place in the store. */
export function ownedAt(i: number): Owned {
  const id = tracks.id(i)
  const record = aircraftOf(tracks.address(i), id)
  return { record, affiliation: affiliationOf(record, id, tracks.sourceKind(i), tracks.site(i)) }
}
