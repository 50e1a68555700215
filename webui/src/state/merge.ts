// Records messages into tables. A whole message replaces; a delta sets; an older version never replaces a newer one.
import type {
  AidAlarm,
  AidOffer,
  AidRequest,
  Aircraft,
  AirspaceRequest,
  AlertHandling,
  Base,
  Callout,
  Closure,
  CrewMember,
  Hospital,
  Identity,
  Incident,
  LandingSite,
  NetInhibition,
  ClearanceRule,
  Obstacle,
  Plan,
  Records,
  Room,
  RoomEntry,
  RoomPerson,
  Search,
  Intrusion,
  Hazard,
  Minimum,
  Tasking,
  ShownVideo,
  TrafficArea,
  VideoGrant,
  Uplink,
  VideoRequest,
  VideoStream,
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
  obstacles: Map<string, Obstacle>
  clearanceRules: Map<string, ClearanceRule>
  identities: Map<string, Identity>
  closures: Map<string, Closure>
  searches: Map<string, Search>
  trafficAreas: Map<string, TrafficArea>
  intrusions: Map<string, Intrusion>
  hazards: Map<string, Hazard>
  minima: Map<string, Minimum>
  crew: Map<string, CrewMember>
  callouts: Map<string, Callout>
  rooms: Map<string, Room>
  roomPeople: Map<string, RoomPerson>
  roomEntries: Map<string, RoomEntry>
  alertHandlings: Map<string, AlertHandling>
  netInhibitions: Map<string, NetInhibition>
  aidRequests: Map<string, AidRequest>
  aidOffers: Map<string, AidOffer>
  aidAlarms: Map<string, AidAlarm>
  videoStreams: Map<string, VideoStream>
  shownVideos: Map<string, ShownVideo>
  videoRequests: Map<string, VideoRequest>
  videoGrants: Map<string, VideoGrant>
  uplinks: Map<string, Uplink>
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

/** Records without a version: what comes later is newer. */
function putLatest<T extends { id: string }>(table: Map<string, T>, items: readonly T[], whole: boolean): void {
  if (whole) {
    const named = new Set(items.map((item) => item.id))
    for (const id of [...table.keys()]) if (!named.has(id)) table.delete(id)
  }
  for (const item of items) table.set(item.id, item)
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
  put(tables.obstacles, message.obstacles, whole)
  put(tables.clearanceRules, message.clearanceRules, whole)
  put(tables.identities, message.identities, whole)
  put(tables.closures, message.closures, whole)
  put(tables.searches, message.searches, whole)
  put(tables.trafficAreas, message.trafficAreas, whole)
  put(tables.intrusions, message.intrusions, whole)
  put(tables.hazards, message.hazards, whole)
  put(tables.minima, message.minima, whole)
  put(tables.crew, message.crew, whole)
  put(tables.callouts, message.callouts, whole)
  putLatest(tables.rooms, message.rooms, whole)
  putLatest(tables.roomPeople, message.roomPeople, whole)
  putLatest(tables.roomEntries, message.roomEntries, whole)
  put(tables.alertHandlings, message.alertHandlings, whole)
  put(tables.netInhibitions, message.netInhibitions, whole)
  put(tables.aidRequests, message.aidRequests, whole)
  put(tables.aidOffers, message.aidOffers, whole)
  put(tables.aidAlarms, message.aidAlarms, whole)
  put(tables.videoStreams, message.videoStreams, whole)
  putLatest(tables.shownVideos, message.shownVideos, whole)
  put(tables.videoRequests, message.videoRequests, whole)
  putLatest(tables.videoGrants, message.videoGrants, whole)
  put(tables.uplinks, message.uplinks, whole)
}
