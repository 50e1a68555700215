// Whose a track is: an aircraft of the fleet by its address or through its identity, a thing people registered, a team
// or vehicle of ours by the terminal it carries, a neighbour's, or other traffic.
import { computed } from 'vue'
import { SourceKind, type Aircraft, type Identity, type TrackLabel } from '../wire/schema'
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

function affiliation(owner: string | undefined, sourceKind: SourceKind, from: string): Affiliation {
  const own = site.value?.id ?? ''
  if (owner) return owner === own ? 'own' : 'partner'
  if (from && from !== own) return 'partner'
  return OURS.has(sourceKind) ? 'own' : 'civil'
}

export function affiliationOf(record: Aircraft | undefined, id: string, sourceKind: SourceKind, from: string): Affiliation {
  return affiliation(record?.site ?? identityOf(id)?.site, sourceKind, from)
}

export interface Owned {
  record: Aircraft | undefined
  affiliation: Affiliation
}

interface Registered {
  record: Aircraft | undefined
  owner: string | undefined
}

// The map asks for each thing in each frame: what the records say of a label is looked up once, until they change.
const lookedUp = computed(() => {
  void aircraftByAddress.value
  void aircraftById.value
  void tables.identities.size
  for (const one of tables.identities.values()) void one.version
  return new WeakMap<TrackLabel, Registered>()
})
const NOBODY: Registered = { record: undefined, owner: undefined }

function registered(label: TrackLabel): Registered {
  const known = lookedUp.value.get(label)
  if (known) return known
  const record = (label.address === undefined ? undefined : aircraftByAddress.value.get(label.address)) ?? aircraftById.value.get(label.id)
  const found = { record, owner: record?.site ?? (label.id ? identityOf(label.id)?.site : undefined) }
  lookedUp.value.set(label, found)
  return found
}

/** Of the thing at a place in the store. */
export function ownedAt(i: number): Owned {
  const label = tracks.label(i)
  const { record, owner } = label ? registered(label) : NOBODY
  return { record, affiliation: affiliation(owner, tracks.sourceKind(i), tracks.site(i)) }
}
