// What a phone knew when it last heard of the server: its taskings and what belongs to them, kept for a start without a link.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { RecordsSchema, type Records } from '../wire/schema'
import { keepValue, keptValue } from './kept'
import type { Tables } from './merge'
import type { Site } from './world'

export interface Known {
  bytes: Uint8Array
  site: Site
  epoch: string
  through: string
  heardAt_ms: number
}

const slot = (account: string): string => `known:${account}`
const heardSlot = (account: string): string => `heard:${account}`

export async function keepKnown(account: string, now: Omit<Known, 'bytes'> & { tables: Tables }): Promise<void> {
  const { tables, ...rest } = now
  const bytes = toBinary(RecordsSchema, pack(tables, now.through))
  await keepValue(slot(account), { ...rest, bytes, site: { ...now.site } } satisfies Known)
}

export async function keepHeard(account: string, heardAt_ms: number): Promise<void> {
  await keepValue(heardSlot(account), heardAt_ms)
}

export async function loadKnown(account: string): Promise<Known | undefined> {
  const found = await keptValue<Known>(slot(account))
  const heardAt_ms = await keptValue<number>(heardSlot(account))
  return found && { ...found, heardAt_ms: Math.max(found.heardAt_ms, heardAt_ms ?? 0) }
}

export async function forgetKnown(account: string): Promise<void> {
  await keepValue(slot(account), undefined)
  await keepValue(heardSlot(account), undefined)
}

export function unpack(known: Known): Records {
  return fromBinary(RecordsSchema, known.bytes)
}

function pack(tables: Tables, through: string): Records {
  return create(RecordsSchema, {
    through: BigInt(through),
    whole: true,
    incidents: [...tables.incidents.values()],
    taskings: [...tables.taskings.values()],
    requests: [...tables.requests.values()],
    aircraft: [...tables.aircraft.values()],
    bases: [...tables.bases.values()],
    waterPoints: [...tables.waterPoints.values()],
    landingSites: [...tables.landingSites.values()],
    hospitals: [...tables.hospitals.values()],
    obstacles: [...tables.obstacles.values()],
    closures: [...tables.closures.values()],
    searches: [...tables.searches.values()],
    trafficAreas: [...tables.trafficAreas.values()],
    intrusions: [...tables.intrusions.values()],
    crew: [...tables.crew.values()],
    uplinks: [...tables.uplinks.values()],
  })
}
