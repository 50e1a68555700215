// Records messages into tables. A whole message replaces; a delta sets; an older version never replaces a newer one.
import type {
  Aircraft,
  AirspaceRequest,
  Base,
  Hospital,
  Identity,
  Incident,
  LandingSite,
  Plan,
  Records,
  Tasking,
  WaterPoint,
} from '../wire/schema'

export interface Tables {
  incidents: Map<string, Incident>
  plans: Map<string, Plan>
  taskings: Map<string, Tasking>
  requests: Map<string, AirspaceRequest>
  aircraft: Map<string, Aircraft>
  bases: Map<string, Base>
  waterPoints: Map<string, WaterPoint>
  landingSites: Map<string, LandingSite>
  hospitals: Map<string, Hospital>
  identities: Map<string, Identity>
}

interface Versioned {
  id: string
  version: number
}

function put<T extends Versioned>(table: Map<string, T>, items: readonly T[], whole: boolean): void {
  if (whole) {
    const named = new Set(items.map((item) => item.id))
    for (const id of [...table.keys()]) if (!named.has(id)) table.delete(id)
  }
  for (const item of items) {
    const present = table.get(item.id)
    if (whole || !present || item.version >= present.version) table.set(item.id, item)
  }
}

export function mergeRecords(tables: Tables, message: Records): void {
  const { whole } = message
  put(tables.incidents, message.incidents, whole)
  put(tables.plans, message.plans, whole)
  put(tables.taskings, message.taskings, whole)
  put(tables.requests, message.requests, whole)
  put(tables.aircraft, message.aircraft, whole)
  put(tables.bases, message.bases, whole)
  put(tables.waterPoints, message.waterPoints, whole)
  put(tables.landingSites, message.landingSites, whole)
  put(tables.hospitals, message.hospitals, whole)
  put(tables.identities, message.identities, whole)
}
