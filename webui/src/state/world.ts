// What the server said, as this page holds it: records by id, the picture of the air, feeds, links, our own link.
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import { Connection, type Listener } from '../wire/connection'
import type { Viewport } from '../wire/schema'
import {
  kindWord,
  ms,
  Role,
  TaskingState,
  type Aircraft,
  type AirspaceRequest,
  type AlertHandling,
  type Base,
  type AidAlarm,
  type AidOffer,
  type AidRequest,
  type Callout,
  type Closure,
  type Search,
  type TrafficArea,
  type Intrusion,
  type Hazard as HazardRecord,
  type Minimum,
  type CrewMember,
  type FeedStatus,
  type Hospital,
  type Identity,
  type Incident,
  type LandingSite,
  type LinkStatus,
  type NetInhibition,
  type ClearanceRule,
  type Obstacle,
  type Plan,
  type Records,
  type Room,
  type RoomEntry,
  type RoomGestures,
  type RoomPerson,
  type ServiceStatus,
  type Tasking,
  type ShownVideo,
  type VideoGrant,
  type Uplink,
  type VideoRequest,
  type VideoStream,
  type WaterPoint,
} from '../wire/schema'
import { forgetAlerts, takeAlerts } from './alerts'
import { hearEcho, hearStamp, now_ms, serverNow } from './clock'
import { linkTag, type LinkTag } from './freshness'
import { mergeRecords, type Tables } from './merge'
import { keepHeard, keepKnown, loadKnown, unpack } from './known'
import { forgetPlannerRuns, takePlannerRuns } from './planner'
import { forgetSession, session, wipe, type Session } from './session'
import { TrackStore } from './tracks'

export const tables: Tables = {
  incidents: shallowReactive(new Map<string, Incident>()),
  plans: shallowReactive(new Map<string, Plan>()),
  taskings: shallowReactive(new Map<string, Tasking>()),
  requests: shallowReactive(new Map<string, AirspaceRequest>()),
  aircraft: shallowReactive(new Map<string, Aircraft>()),
  bases: shallowReactive(new Map<string, Base>()),
  waterPoints: shallowReactive(new Map<string, WaterPoint>()),
  landingSites: shallowReactive(new Map<string, LandingSite>()),
  hospitals: shallowReactive(new Map<string, Hospital>()),
  obstacles: shallowReactive(new Map<string, Obstacle>()),
  clearanceRules: shallowReactive(new Map<string, ClearanceRule>()),
  identities: shallowReactive(new Map<string, Identity>()),
  closures: shallowReactive(new Map<string, Closure>()),
  searches: shallowReactive(new Map<string, Search>()),
  trafficAreas: shallowReactive(new Map<string, TrafficArea>()),
  intrusions: shallowReactive(new Map<string, Intrusion>()),
  hazards: shallowReactive(new Map<string, HazardRecord>()),
  minima: shallowReactive(new Map<string, Minimum>()),
  crew: shallowReactive(new Map<string, CrewMember>()),
  callouts: shallowReactive(new Map<string, Callout>()),
  aidRequests: shallowReactive(new Map<string, AidRequest>()),
  aidOffers: shallowReactive(new Map<string, AidOffer>()),
  aidAlarms: shallowReactive(new Map<string, AidAlarm>()),
  rooms: shallowReactive(new Map<string, Room>()),
  roomPeople: shallowReactive(new Map<string, RoomPerson>()),
  roomEntries: shallowReactive(new Map<string, RoomEntry>()),
  videoStreams: shallowReactive(new Map<string, VideoStream>()),
  shownVideos: shallowReactive(new Map<string, ShownVideo>()),
  videoRequests: shallowReactive(new Map<string, VideoRequest>()),
  videoGrants: shallowReactive(new Map<string, VideoGrant>()),
  uplinks: shallowReactive(new Map<string, Uplink>()),
  alertHandlings: shallowReactive(new Map<string, AlertHandling>()),
  netInhibitions: shallowReactive(new Map<string, NetInhibition>()),
}

export const tracks = new TrackStore()

export interface Site {
  id: string
  name: string
  account: string
  display_name: string
  role: string
  operator_id: string
  demonstration: boolean
  version: string
}

export const site = shallowRef<Site | null>(null)
/** True once a Records message has come: an empty queue is then really empty. */
export const loaded = ref(false)
export const through = ref('0')
export const feeds = shallowRef<FeedStatus[]>([])
export const links = shallowRef<LinkStatus[]>([])
export const services = shallowRef<ServiceStatus[]>([])
export const serverTracks = ref(0)
/** Journal row that last touched an airspace volume; state/volumes.ts asks for them when it moves. */
export const volumesAt = ref(0)
/** Names the journal that such numbers are of. */
export const journal = ref('')
/** Server time of the last status. */
export const statusAt_ms = ref(NaN)

export const socketOpen = ref(false)
export const heardAt_ms = ref(0) // local clock
export const retryAt_ms = ref(0) // local clock
const everHeard = ref(false)
const openedAt_ms = ref(Date.now())
/** Last thing said about a resynchronisation, and when (server time). */
export const resyncNotice = shallowRef<{ kind: 'gap' | 'resynced' | 'restored'; at_ms: number } | null>(null)

export const silent_ms = computed(() => {
  void now_ms.value
  return Math.max(0, Date.now() - (everHeard.value ? heardAt_ms.value : openedAt_ms.value))
})
export const link = computed<LinkTag>(() => linkTag(socketOpen.value, everHeard.value, silent_ms.value))
export const canCommand = computed(() => link.value === 'live' || link.value === 'stale')
export const retryIn_s = computed(() => {
  void now_ms.value
  return Math.max(0, Math.ceil((retryAt_ms.value - Date.now()) / 1000))
})

/** Aircraft of ours and of partners by transponder address. */
export const aircraftByAddress = computed(() => {
  const found = new Map<number, Aircraft>()
  for (const one of tables.aircraft.values()) if (one.icao24) found.set(parseInt(one.icao24, 16), one)
  return found
})

const OVER = new Set([TaskingState.SETTLED, TaskingState.ARCHIVED, TaskingState.ENDED])
export const FLYING = new Set([TaskingState.AIRBORNE, TaskingState.WORKING, TaskingState.RETURNING])

export const activeTaskings = computed(() => [...tables.taskings.values()].filter((one) => !OVER.has(one.state)))

export const assignedAddresses = computed(() => {
  const kept = new Set<number>()
  for (const one of activeTaskings.value) {
    const address = parseInt(one.aircraftIcao24, 16)
    if (Number.isFinite(address)) kept.add(address)
  }
  return kept
})

/** Who is told of pointers and views in a room; state/room_gestures.ts, which needs this page's room. */
let hearGestures: (message: RoomGestures) => void = () => undefined
export function onGestures(hear: (message: RoomGestures) => void): void {
  hearGestures = hear
}

let connection: Connection | undefined
let epoch = ''
let wasLost = false

const listener: Listener = {
  welcome(message) {
    hearStamp(ms(message.atUs))
    tracks.begin(message.run, serverNow())
    epoch = message.epoch
    journal.value = message.epoch
    site.value = {
      id: message.site,
      name: message.siteName,
      account: message.account,
      display_name: message.displayName,
      role: kindWord(Role, message.role),
      operator_id: message.operatorId,
      demonstration: message.demonstration,
      version: message.version,
    }
  },
  records(message: Records) {
    mergeRecords(tables, message)
    through.value = String(message.through)
    loaded.value = true
    if (resyncNotice.value?.kind === 'gap') resyncNotice.value = { kind: 'resynced', at_ms: serverNow() }
    else if (wasLost) resyncNotice.value = { kind: 'restored', at_ms: serverNow() }
    wasLost = false
    keepSoon()
  },
  tracks(message) {
    tracks.accept(message, serverNow())
  },
  alerts: takeAlerts,
  plannerRuns: takePlannerRuns,
  roomGestures: (message) => hearGestures(message),
  status(message) {
    hearStamp(ms(message.atUs))
    feeds.value = message.feeds
    links.value = message.links
    services.value = message.services
    statusAt_ms.value = ms(message.atUs)
    serverTracks.value = message.tracks
    volumesAt.value = Number(message.volumesAt)
  },
  echo: hearEcho,
  failure(message) {
    if (message.code === 'UNAUTHENTICATED') forgetSession('expired')
    if (message.code === 'DEVICE_REVOKED') void wipe()
  },
  link(open, retryAt) {
    socketOpen.value = open
    retryAt_ms.value = retryAt
    if (!open && everHeard.value) wasLost = true
    if (!open) forgetPlannerRuns() // what is told of them is only true while it is told
  },
  heard() {
    everHeard.value = true
    heardAt_ms.value = Date.now()
  },
  resync() {
    resyncNotice.value = { kind: 'gap', at_ms: serverNow() }
  },
}

export function connect(): void {
  if (!session.value || connection) return
  openedAt_ms.value = Date.now()
  void open(session.value)
}

/** A phone begins with what it knew, so that it shows something without a link and asks only for what is new. */
async function open(opened: Session): Promise<void> {
  const known = opened.device_id ? await loadKnown(opened.account) : undefined
  if (session.value?.token !== opened.token || connection) return
  if (known) {
    mergeRecords(tables, unpack(known))
    site.value = known.site
    epoch = known.epoch
    through.value = known.through
    loaded.value = true
    everHeard.value = true
    heardAt_ms.value = known.heardAt_ms
  }
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const from = known && { after: BigInt(known.through), epoch: known.epoch }
  connection = new Connection(`${scheme}://${location.host}/ws`, opened.token, listener, from)
}

let keeping: ReturnType<typeof setTimeout> | undefined

function keepSoon(): void {
  if (!session.value?.device_id || keeping) return
  keeping = setTimeout(() => {
    keeping = undefined
    const account = session.value?.account
    if (account && site.value) void keepKnown(account, { tables, site: site.value, epoch, through: through.value, heardAt_ms: heardAt_ms.value })
  }, 500)
}
setInterval(() => session.value?.device_id && link.value === 'live' && void keepHeard(session.value.account, heardAt_ms.value), 10_000)

export function disconnect(): void {
  connection?.stop()
  connection = undefined
  for (const table of Object.values(tables)) table.clear()
  tracks.clear()
  forgetAlerts()
  forgetPlannerRuns()
  site.value = null
  loaded.value = false
  everHeard.value = false
  socketOpen.value = false
}

export function retryNow(): void {
  connection?.retryNow()
}

export function subscribe(view: { west: number; south: number; east: number; north: number } | undefined): void {
  const e7 = (value: number): number => Math.round(value * 1e7)
  const viewport: Viewport | undefined = view && {
    $typeName: 'ganying.v1.Viewport',
    westE7: e7(Math.max(-180, view.west)),
    southE7: e7(Math.max(-90, view.south)),
    eastE7: e7(Math.min(180, view.east)),
    northE7: e7(Math.min(90, view.north)),
  }
  connection?.subscribe(viewport, view !== undefined)
}

type Box = { west: number; south: number; east: number; north: number }
/** Tell the others in a room where we point or look; lost if the socket is not up. */
export function gesture(made: { roomId: string; pointer?: { lon: number; lat: number }; view?: Box; left?: boolean }): void {
  const e7 = (value: number): number => Math.round(value * 1e7)
  const { pointer, view } = made
  const lon = (value: number): number => ((((value + 180) % 360) + 360) % 360) - 180
  connection?.gesture({
    $typeName: 'ganying.v1.RoomGesture',
    roomId: made.roomId,
    pointer: pointer && { $typeName: 'ganying.v1.Position', lonE7: e7(lon(pointer.lon)), latE7: e7(pointer.lat) },
    view: view && {
      $typeName: 'ganying.v1.Viewport',
      westE7: e7(Math.max(-180, view.west)),
      southE7: e7(Math.max(-90, view.south)),
      eastE7: e7(Math.min(180, view.east)),
      northE7: e7(Math.min(90, view.north)),
    },
    left: made.left ?? false,
  })
}

setInterval(() => tracks.sweep(serverNow(), assignedAddresses.value), 5_000)
