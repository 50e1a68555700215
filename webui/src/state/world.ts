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
  type Base,
  type FeedStatus,
  type Hospital,
  type Identity,
  type Incident,
  type LandingSite,
  type LinkStatus,
  type Plan,
  type Records,
  type ServiceStatus,
  type Tasking,
  type WaterPoint,
} from '../wire/schema'
import { forgetAlerts, takeAlerts } from './alerts'
import { hearEcho, hearStamp, now_ms, serverNow } from './clock'
import { linkTag, type LinkTag } from './freshness'
import { mergeRecords, type Tables } from './merge'
import { forgetPlannerRuns, takePlannerRuns } from './planner'
import { forgetSession, session } from './session'
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
  identities: shallowReactive(new Map<string, Identity>()),
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

let connection: Connection | undefined
let wasLost = false

const listener: Listener = {
  welcome(message) {
    hearStamp(ms(message.atUs))
    tracks.begin(message.run, serverNow())
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
  },
  tracks(message) {
    tracks.accept(message, serverNow())
  },
  alerts: takeAlerts,
  plannerRuns: takePlannerRuns,
  status(message) {
    hearStamp(ms(message.atUs))
    feeds.value = message.feeds
    links.value = message.links
    services.value = message.services
    statusAt_ms.value = ms(message.atUs)
    serverTracks.value = message.tracks
  },
  echo: hearEcho,
  failure(message) {
    if (message.code === 'UNAUTHENTICATED') forgetSession('expired')
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
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  connection = new Connection(`${scheme}://${location.host}/ws`, session.value.token, listener)
}

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

setInterval(() => tracks.sweep(serverNow(), assignedAddresses.value), 5_000)
