// Consultations as this page shows them: the room that is open, what is in it up to a time, and the mark being drawn.
import { computed, ref, shallowReactive, shallowRef, watch } from 'vue'
import { saveFile, upload } from '../wire/file'
import { post, request, type Problem } from '../wire/http'
import {
  kindWord,
  ms,
  Role,
  RoomEntryKind,
  RoomSymbol,
  type Room,
  type RoomEntry,
  type RoomPerson,
} from '../wire/schema'
import { mayUse } from './acts'
import { now_ms, serverNow } from './clock'
import type { LonLat } from './geodesy'
import { provinceOf } from './province'
import { session } from './session'
import { links, site, tables } from './world'
import { t, word } from '../text'

export type ToolKind = 'line' | 'area' | 'arrow' | 'text' | 'symbol'
export const TOOLS: readonly ToolKind[] = ['line', 'area', 'arrow', 'text', 'symbol']
export const SYMBOLS = Object.keys(RoomSymbol)
  .filter((name) => Number.isNaN(Number(name)) && name !== 'UNSPECIFIED')
  .map((name) => name.toLowerCase())
/** What stands in a symbol's plate. */
export const SIGN: Record<string, string> = {
  fire_point: '火', danger: '危', command_post: '指', assembly_point: '集', rescue_team: '队',
  water_source: '水', landing_point: '降', medical_point: '医', shelter: '避', road_block: '断',
}
const READ_EVERY_MS = 5_000
const FETCH_LOOK_MS = 700

export const openRoomId = shallowRef('')
export const openRoom = computed((): Room | undefined => tables.rooms.get(openRoomId.value))
/** Server time up to which the room is shown; 0: live. */
export const roomAt_ms = ref(0)
export const tool = shallowRef<ToolKind | ''>('')
export const symbol = ref('fire_point')
export const sketch = shallowRef<LonLat[]>([])
export const label = ref('')
export const validMinutes = ref('')
/** A mark as POST takes it; one that is drawn for a message to the field goes to its taker, not into a room. */
export interface MarkBody {
  kind: string
  points: { lon_deg: number; lat_deg: number }[]
  text: string
  symbol?: string
}
export const loose = shallowRef<MarkBody[]>([])
export const markTaker = shallowRef<((mark: MarkBody) => void) | null>(null)
export const drawProblem = shallowRef<Problem | null>(null)

export function roomsOf(incidentId: string): Room[] {
  return [...tables.rooms.values()].filter((one) => one.incidentId === incidentId).sort((a, b) => Number(b.openedAtUs - a.openedAtUs))
}

/** The order of a room, the same at every site. */
export function inOrder(a: RoomEntry, b: RoomEntry): number {
  if (a.atUs !== b.atUs) return a.atUs < b.atUs ? -1 : 1
  if (a.site !== b.site) return a.site < b.site ? -1 : 1
  return Number(a.originSeq - b.originSeq)
}

export const entries = computed((): RoomEntry[] => [...tables.roomEntries.values()].filter((one) => one.roomId === openRoomId.value).sort(inOrder))
export const shownEntries = computed((): RoomEntry[] => {
  const until = roomAt_ms.value
  return until ? entries.value.filter((one) => ms(one.atUs) <= until) : entries.value
})
export const people = computed((): RoomPerson[] =>
  [...tables.roomPeople.values()].filter((one) => one.roomId === openRoomId.value).sort((a, b) => a.site.localeCompare(b.site) || Number(a.cameAtUs - b.cameAtUs)),
)
export const me = computed(() => people.value.find((one) => one.site === site.value?.id && one.name === session.value?.account))
const quarter = computed(() => Math.floor(now_ms.value / 15_000)) // of a minute: marks run out
/** Marks as they stood at the time shown: drawn, not taken back, within their validity. */
export const marks = computed((): RoomEntry[] => {
  void quarter.value
  const now = roomAt_ms.value || serverNow()
  return shownEntries.value.filter((one) => {
    if (!one.stroke || (one.undoneAtUs !== undefined && (!roomAt_ms.value || ms(one.undoneAtUs) <= roomAt_ms.value))) return false
    return one.stroke.validUntilUs === undefined || ms(one.stroke.validUntilUs) > now
  })
})

/** Who speaks: ours by name, a partner's by province and role, numbered where there are several. */
export function whoOf(personId: string, siteId: string): string {
  const person = tables.roomPeople.get(personId)
  const role = person ? word(t.role, kindWord(Role, person.role)) : ''
  if (person?.name) return `${person.name} ${role}`
  const same = people.value.filter((one) => one.site === siteId && one.role === person?.role)
  const number = same.length > 1 && person ? ` ${same.findIndex((one) => one.id === person.id) + 1}` : ''
  return `${provinceOf(siteId)} ${role}${number}`.trim()
}
export { provinceOf }
export const isOurs = (siteId: string): boolean => siteId === site.value?.id

/** Of each vote, the last answer of everybody. */
export function tallyOf(voteId: string): { count: number[]; mine: number } {
  const last = new Map<string, RoomEntry>()
  for (const one of shownEntries.value) if (one.voice?.voteId === voteId) last.set(one.personId, one)
  const count: number[] = []
  for (const one of last.values()) count[one.voice!.option] = (count[one.voice!.option] ?? 0) + 1
  return { count, mine: last.get(me.value?.id ?? '')?.voice?.option ?? -1 }
}

/** How many others have read up to an entry. */
export function readersOf(entry: RoomEntry): RoomPerson[] {
  return people.value.filter((one) => {
    if (one.id === entry.personId || one.readAtUs === undefined) return false
    if (one.readAtUs !== entry.atUs) return one.readAtUs > entry.atUs
    return one.readOrigin > entry.site || (one.readOrigin === entry.site && one.readOriginSeq >= entry.originSeq)
  })
}

const DARK = ['#b9a3e3', '#3ccbbf', '#d8a0c8', '#9bc46b', '#7fb4d8', '#c8b48a']
const LIGHT = ['#6d4bb0', '#007f76', '#9a3f80', '#4b7a10', '#2a6a97', '#7a6228']
/** One hue to a site: ours as everything of ours, the others by their place in the room. */
export function hueOf(siteId: string, day: boolean, own: string): string {
  if (isOurs(siteId)) return own
  const others = (openRoom.value?.sites ?? []).filter((one) => !isOurs(one))
  return (day ? LIGHT : DARK)[Math.max(0, others.indexOf(siteId)) % DARK.length]!
}

/** Partners in the room whose link is not up. */
export const cutOff = computed(() =>
  (openRoom.value?.sites ?? []).filter((one) => !isOurs(one) && links.value.find((link) => link.site === one)?.state !== 'live').filter((one) => links.value.some((link) => link.site === one)),
)

/** Since when each partner in the room is not reached, oldest first; in-flight words of theirs will come late. */
export const cutSince = computed(() =>
  cutOff.value
    .map((one) => ({ site: one, since_ms: ms(links.value.find((link) => link.site === one)?.downSinceUs) }))
    .sort((a, b) => a.since_ms - b.since_ms),
)

/** The desk, and whom it has invited; an auditor reads. */
export function speaksIn(room: Room): boolean {
  const role = session.value?.role ?? ''
  return mayUse('open_room', role) || room.roles.some((one) => kindWord(Role, one) === role)
}

export function enterRoom(id: string): void {
  openRoomId.value = id
  roomAt_ms.value = 0
  stopDrawing()
  const room = tables.rooms.get(id)
  if (room && room.closedAtUs === undefined && speaksIn(room) && !me.value) void post(`rooms/${encodeURIComponent(id)}/enter`, {})
}
export function leaveRoom(): void {
  openRoomId.value = ''
  stopDrawing()
}

export function takeTool(kind: ToolKind | ''): void {
  tool.value = tool.value === kind ? '' : kind
  sketch.value = []
  drawProblem.value = null
}
export function stopDrawing(): void {
  tool.value = ''
  sketch.value = []
}
/** A click on the map while a tool is in hand. */
export function placeStroke(at: LonLat): void {
  if (!tool.value) return
  // one point is a whole mark: it is sent at once, the map is not drawn anew for a sketch of it
  if (tool.value === 'symbol' || tool.value === 'text') void finishStroke([at])
  else sketch.value = [...sketch.value, at]
}
export function backAPoint(): void {
  sketch.value = sketch.value.slice(0, -1)
}
export const leastPoints = computed(() => (tool.value === 'area' ? 3 : tool.value === 'line' || tool.value === 'arrow' ? 2 : 1))

export async function finishStroke(placed: LonLat[] = sketch.value): Promise<void> {
  const points = dropRepeats(placed)
  if (!tool.value || points.length < leastPoints.value) return
  const minutes = Number(validMinutes.value)
  const body = {
    kind: tool.value,
    points: points.map((at) => ({ lon_deg: at.lon, lat_deg: at.lat })),
    text: label.value.trim(),
    ...(tool.value === 'symbol' ? { symbol: symbol.value } : {}),
    ...(minutes > 0 ? { valid_until: new Date(serverNow() + minutes * 60_000).toISOString() } : {}),
  }
  if (markTaker.value) {
    markTaker.value(body)
    sketch.value = []
    label.value = ''
    return
  }
  const kept = placed
  if (sketch.value.length) sketch.value = []
  const answer = await post(`rooms/${encodeURIComponent(openRoomId.value)}/draw`, body)
  drawProblem.value = answer.ok ? null : answer.problem
  if (answer.ok) label.value = ''
  else if (!sketch.value.length && kept.length > 1) sketch.value = kept // nothing of what was drawn is lost to a refusal
}
/** A double click puts its place twice. */
function dropRepeats(points: LonLat[]): LonLat[] {
  return points.filter((at, i) => i === 0 || Math.abs(at.lon - points[i - 1]!.lon) > 1e-7 || Math.abs(at.lat - points[i - 1]!.lat) > 1e-7)
}

export const myLastMark = computed(() => entries.value.filter((one) => one.stroke && one.personId === me.value?.id && one.undoneAtUs === undefined).at(-1))
export async function undoMark(id: string): Promise<void> {
  const answer = await post(`rooms/${encodeURIComponent(openRoomId.value)}/undo`, { entry_id: id })
  drawProblem.value = answer.ok ? null : answer.problem
}

export interface RoomFileBody {
  sha256: string
  name: string
  media_type: string
  size: number
}
/** Have an entry's file saved; a partner's is fetched over the link first. `told`: bytes there, of how many. */
export async function takeFile(entry: RoomEntry, told: (done: string) => void): Promise<Problem | undefined> {
  const path = `rooms/${encodeURIComponent(entry.roomId)}/files/${entry.said!.file!.sha256}`
  for (;;) {
    const problem = await saveFile(path, entry.said!.file!.name)
    if (problem?.code !== 'FILE_UNDER_WAY') return problem
    told(problem.detail.match(/\d+ of \d+/)?.[0].replace(' of ', '/') ?? '')
    await new Promise((next) => setTimeout(next, FETCH_LOOK_MS))
  }
}
export function handOver(file: File): ReturnType<typeof upload<RoomFileBody>> {
  return upload<RoomFileBody>(`rooms/${encodeURIComponent(openRoomId.value)}/files?name=${encodeURIComponent(file.name)}`, file, 'application/octet-stream')
}

/** Of the site: whether a conference can be called. Asked once per room. */
export const conference = ref(false)
watch(openRoomId, async (id) => {
  conference.value = false
  if (!id) return
  const answer = await request<{ conference: boolean }>('GET', `rooms/${encodeURIComponent(id)}`)
  if (answer.ok && openRoomId.value === id) conference.value = answer.value.conference
})

// Read up to: one receipt for what was seen, not one a message.
let reading: ReturnType<typeof setTimeout> | undefined
export const seen = shallowReactive({ id: '' })
export function saw(entry: RoomEntry | undefined): void {
  if (!entry || roomAt_ms.value || seen.id === entry.id || entry.personId === me.value?.id || openRoom.value?.closedAtUs !== undefined) return
  seen.id = entry.id
  reading ??= setTimeout(() => {
    reading = undefined
    if (openRoomId.value) void post(`rooms/${encodeURIComponent(openRoomId.value)}/read`, { entry_id: seen.id })
  }, READ_EVERY_MS)
}

export const entryKind = (entry: RoomEntry): string => kindWord(RoomEntryKind, entry.kind)
