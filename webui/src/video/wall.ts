// What is on the video wall, and the connection that brings it. One connection a page, open while the wall is.
import { computed, reactive, ref, shallowReactive, shallowRef } from 'vue'
import { serverNow } from '../state/clock'
import { session } from '../state/session'
import { partnerStreams } from '../state/video_share'
import { streams } from '../state/videos'
import { kindWord, VideoState, type VideoStanding } from '../wire/schema'
import { VideoConnection } from './connection'
import { gone, seen, stands, told } from './looks'
import type { VideoPlayer } from './player'
import { playerFor } from './players'

export type Layout = 1 | 4 | 9
export const LAYOUTS: readonly Layout[] = [1, 4, 9]
const KEY = 'ganying.wall'

interface Kept {
  layout: Layout
  shown: string[]
}
function kept(): Kept {
  try {
    const read = JSON.parse(localStorage.getItem(KEY) ?? '') as Partial<Kept>
    const layout = LAYOUTS.find((one) => one === read.layout) ?? 4
    return { layout, shown: Array.isArray(read.shown) ? read.shown.filter((one) => typeof one === 'string').slice(0, layout) : [] }
  } catch {
    return { layout: 4, shown: [] }
  }
}
export const wall = reactive<Kept>(kept())
function keep(): void {
  localStorage.setItem(KEY, JSON.stringify(wall))
}

/** On a line too thin for video: small pictures instead. */
const SAVING_KEY = 'ganying.wall.saving'
export const saving = ref(localStorage.getItem(SAVING_KEY) === '1')
export function setSaving(on: boolean): void {
  saving.value = on
  localStorage.setItem(SAVING_KEY, on ? '1' : '0')
  for (const id of wall.shown) {
    if (on) connection.value?.unwatch(id)
    else connection.value?.watch(id)
    if (on) gone(id)
  }
}
function watchNow(id: string): void {
  if (!saving.value) connection.value?.watch(id)
}

export const standings = shallowReactive(new Map<string, VideoStanding>())
export const refusals = shallowReactive(new Map<string, string>())
export const open = ref(false)
const connection = shallowRef<VideoConnection | null>(null)
const players = new Map<string, VideoPlayer>()
const bySlot = new Map<number, string>()

/** Our own and those of partners. */
export const wallStreams = computed(() => [...streams.value, ...partnerStreams.value])
export const liveCount = computed(() => streams.value.filter((one) => stateOf(one.id) === 'live').length)

export function stateOf(id: string): string {
  return kindWord(VideoState, standings.get(id)?.state ?? VideoState.UNSPECIFIED)
}
export function setLayout(layout: Layout): void {
  for (const id of wall.shown.slice(layout)) {
    connection.value?.unwatch(id)
    gone(id)
  }
  wall.layout = layout
  wall.shown = wall.shown.slice(0, layout)
  keep()
}
/** On the wall: in the first free place, or instead of the last. */
export function show(id: string): void {
  if (wall.shown.includes(id)) return
  for (const one of wall.shown) if (!wallStreams.value.some((each) => each.id === one)) take(one) // removed since this browser kept it
  if (wall.shown.length >= wall.layout) take(wall.shown[wall.layout - 1]!)
  wall.shown = [...wall.shown, id]
  refusals.delete(id)
  watchNow(id)
  keep()
}
export function take(id: string): void {
  wall.shown = wall.shown.filter((one) => one !== id)
  connection.value?.unwatch(id)
  gone(id)
  keep()
}

/** It may be watched again: a grant has come. */
export function retry(id: string): void {
  if (!wall.shown.includes(id) || !refusals.delete(id)) return
  watchNow(id)
}

export function attach(id: string, canvas: HTMLCanvasElement, mark?: () => string): VideoPlayer {
  const made = playerFor(canvas, serverNow, mark)
  players.set(id, made)
  return made
}
export function detach(id: string, player: VideoPlayer): void {
  player.close()
  if (players.get(id) === player) players.delete(id)
}

export function openWall(): void {
  const token = session.value?.token
  if (!token || connection.value) return
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/video`
  connection.value = new VideoConnection(url, token, {
    link(up) {
      open.value = up
      for (const one of players.values()) one.cut()
      if (!up) for (const id of told.keys()) stands(id)
      if (up) refusals.clear()
    },
    standings(all) {
      bySlot.clear()
      const named = new Set(all.map((one) => one.streamId))
      for (const id of [...standings.keys()]) if (!named.has(id)) standings.delete(id)
      for (const one of all) {
        standings.set(one.streamId, one)
        bySlot.set(one.slot, one.streamId)
        if (stateOf(one.streamId) !== 'live') stands(one.streamId)
      }
    },
    picture(one) {
      players.get(bySlot.get(one.slot) ?? '')?.feed(one)
    },
    look(one) {
      const stream = wallStreams.value.find((each) => each.id === bySlot.get(one.slot))
      if (stream && wall.shown.includes(stream.id)) seen(stream, one)
    },
    refused(one) {
      refusals.set(one.streamId, one.code)
      players.get(one.streamId)?.blank() // what may not be watched does not stay on the screen
      gone(one.streamId)
    },
  })
  for (const id of wall.shown) watchNow(id)
}
export function closeWall(): void {
  connection.value?.stop()
  connection.value = null
  open.value = false
  for (const id of [...told.keys()]) gone(id)
  standings.clear()
}
