// What the desk has sent to this phone's crews. Text and sketch come with the records; the picture follows in pieces that
// are kept as they come, so that a cut line or a closed browser goes on where it was. Receipts are told again until the
// record says that they are known.
import { computed, reactive, watch } from 'vue'
import { keepValue, keptValue } from '../state/kept'
import { fetchPiece } from '../state/uplinks'
import { socketOpen, tables } from '../state/world'
import { post } from '../wire/http'
import { UplinkState, type Uplink } from '../wire/schema'
import { ringOnce } from './alarm'
import { mine } from './fleet'
import { waiting } from './sending'

const KEPT = 20 // pictures on a phone; the oldest goes
const INDEX = 'uplink-pictures'
const slot = (sha256: string): string => `uplink-picture:${sha256}`
const AGAIN_MS = 5_000 // after a piece that did not come; a link that is back goes on at once

export interface Picture {
  got: number
  size: number
  url: string // empty: not whole yet
  failed: boolean
}
export const pictures = reactive(new Map<string, Picture>()) // by hash

const newestFirst = (a: Uplink, b: Uplink): number => Number(b.sentAtUs - a.sentAtUs)
export const uplinksOf = (taskingId: string): Uplink[] => [...tables.uplinks.values()].filter((one) => one.taskingId === taskingId).sort(newestFirst)
const pathOf = (one: Uplink): string => `uplinks/${one.id}/answer`
/** What was pressed for it and waits to be sent. */
export const pressedFor = (one: Uplink): string => waiting.value.filter((act) => act.path === pathOf(one)).at(-1)?.action ?? ''
export const answerPath = pathOf
/** Of the taskings that are shown: what nobody here has said anything to. */
export const unread = computed(() => {
  const shown = new Set(mine.value.map((one) => one.id))
  return [...tables.uplinks.values()].filter((one) => shown.has(one.taskingId) && one.state !== UplinkState.READ && !pressedFor(one)).sort(newestFirst)
})

const told = new Map<string, UplinkState>()
async function tell(one: Uplink, state: UplinkState.DELIVERED | UplinkState.SHOWN): Promise<void> {
  if (one.state >= state || (told.get(one.id) ?? 0) >= state) return
  const before = told.get(one.id)
  told.set(one.id, state)
  const answer = await post(`uplinks/${encodeURIComponent(one.id)}/receipt`, { state: state === UplinkState.SHOWN ? 'shown' : 'delivered' })
  if (answer.ok || answer.problem.code === 'ALREADY_RECORDED') return
  if (before === undefined) told.delete(one.id)
  else told.set(one.id, before)
}
const onScreen = new Set<string>() // ids
/** It is before somebody's eyes; `shown` waits for its picture. */
export function seen(one: Uplink): void {
  onScreen.add(one.id)
  if (document.visibilityState !== 'visible') return
  if (one.picture && !pictures.get(one.picture.sha256)?.url) return
  void tell(one, UplinkState.SHOWN)
}
export function unseen(one: Uplink): void {
  onScreen.delete(one.id)
}
function tellAll(): void {
  for (const one of tables.uplinks.values()) {
    void tell(one, UplinkState.DELIVERED)
    if (onScreen.has(one.id)) seen(one)
  }
}

interface Kept {
  bytes: Uint8Array<ArrayBuffer>
}
let busy = false
let timer: ReturnType<typeof setTimeout> | undefined
/** One picture at a time, the newest first. */
async function pump(): Promise<void> {
  if (busy) return
  busy = true
  clearTimeout(timer)
  try {
    for (const one of [...tables.uplinks.values()].sort(newestFirst).slice(0, KEPT)) {
      if (!one.picture || pictures.get(one.picture.sha256)?.url || pictures.get(one.picture.sha256)?.failed) continue
      if (!(await take(one))) {
        timer = setTimeout(() => void pump(), AGAIN_MS)
        return
      }
    }
  } finally {
    busy = false
  }
}
async function take(one: Uplink): Promise<boolean> {
  const { sha256, size } = { sha256: one.picture!.sha256, size: Number(one.picture!.size) }
  let bytes = (await keptValue<Kept>(slot(sha256)))?.bytes ?? new Uint8Array(0)
  pictures.set(sha256, { got: bytes.length, size, url: '', failed: false })
  while (bytes.length < size) {
    const answer = await fetchPiece(one.id, bytes.length)
    if (!answer.ok) {
      if (answer.problem.code === 'NO_FILE' || answer.problem.status === 404) {
        pictures.set(sha256, { got: 0, size, url: '', failed: true })
        return true
      }
      return false
    }
    const more = new Uint8Array(await answer.value.arrayBuffer())
    if (!more.length) break
    const longer = new Uint8Array(bytes.length + more.length)
    longer.set(bytes)
    longer.set(more, bytes.length)
    bytes = longer
    await keepValue(slot(sha256), { bytes } satisfies Kept)
    pictures.set(sha256, { got: bytes.length, size, url: '', failed: false })
  }
  if (bytes.length !== size || !(await isWhole(bytes, sha256))) {
    await keepValue(slot(sha256), undefined)
    return false
  }
  pictures.set(sha256, { got: size, size, url: URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' })), failed: false })
  await remember(sha256)
  for (const each of tables.uplinks.values()) if (onScreen.has(each.id)) seen(each)
  return true
}
/** A page over plain http has no digest: there the length must do. */
async function isWhole(bytes: Uint8Array<ArrayBuffer>, sha256: string): Promise<boolean> {
  if (!globalThis.crypto.subtle) return true
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...digest].map((one) => one.toString(16).padStart(2, '0')).join('') === sha256
}
async function remember(sha256: string): Promise<void> {
  const all = ((await keptValue<string[]>(INDEX)) ?? []).filter((one) => one !== sha256)
  all.push(sha256)
  for (const gone of all.splice(0, Math.max(0, all.length - KEPT))) await keepValue(slot(gone), undefined)
  await keepValue(INDEX, all)
}
export async function forgetPictures(): Promise<void> {
  for (const one of (await keptValue<string[]>(INDEX)) ?? []) await keepValue(slot(one), undefined)
  for (const one of tables.uplinks.values()) if (one.picture) await keepValue(slot(one.picture.sha256), undefined) // begun, not whole
  await keepValue(INDEX, undefined)
}

/** Returns how to stop. */
export function watchUplinks(): () => void {
  const known = new Set<string>()
  let first = true
  const stops = [
    watch(
      () => [...tables.uplinks.values()].map((one) => `${one.id}${one.version}`).join(),
      () => {
        const fresh = unread.value.filter((one) => !known.has(one.id))
        for (const one of tables.uplinks.values()) known.add(one.id)
        if (fresh.length && (!first || socketOpen.value)) ringOnce()
        first = false
        tellAll()
        void pump()
      },
      { immediate: true },
    ),
    watch(socketOpen, (open) => {
      if (!open) return
      tellAll()
      void pump()
    }),
  ]
  document.addEventListener('visibilitychange', tellAll)
  return () => {
    stops.forEach((stop) => stop())
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', tellAll)
  }
}
