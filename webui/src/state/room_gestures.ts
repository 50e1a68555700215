// Pointers and views of others in the room: told by the socket, forgotten by themselves.
import { ref, shallowReactive } from 'vue'
import { deg, kindWord, Role, type RoomGestures } from '../wire/schema'
import { openRoomId, whoOf } from './rooms'
import { onGestures } from './world'

const POINTER_MS = 6_000
const HERE_MS = 15_000

export interface Seen {
  key: string
  name: string
  site: string
  role: string
  personId: string
  pointer?: { lon: number; lat: number }
  view?: { west: number; south: number; east: number; north: number }
  pointedAt_ms: number
  heardAt_ms: number // this machine's clock
}
export const others = shallowReactive(new Map<string, Seen>())
/** Whose view this map follows; empty: nobody's. */
export const followed = ref('')

onGestures(takeGestures)

function takeGestures(message: RoomGestures): void {
  for (const one of message.gestures) {
    if (one.gesture?.roomId !== openRoomId.value) continue
    const key = `${one.site} ${one.personId || one.name}`
    const before = others.get(key)
    const { pointer, view, left } = one.gesture
    others.set(key, {
      key, name: one.name || whoOf(one.personId, one.site), site: one.site, role: kindWord(Role, one.role), personId: one.personId,
      pointer: pointer ? { lon: deg(pointer.lonE7), lat: deg(pointer.latE7) } : left ? undefined : before?.pointer,
      view: view ? { west: deg(view.westE7), south: deg(view.southE7), east: deg(view.eastE7), north: deg(view.northE7) } : before?.view,
      pointedAt_ms: pointer ? Date.now() : left ? 0 : (before?.pointedAt_ms ?? 0),
      heardAt_ms: Date.now(),
    })
  }
}

export function sweepGestures(): void {
  for (const [key, one] of others) if (Date.now() - one.heardAt_ms > HERE_MS) others.delete(key)
}
export const points = (one: Seen): boolean => one.pointer !== undefined && Date.now() - one.pointedAt_ms < POINTER_MS

export function forgetGestures(): void {
  others.clear()
  followed.value = ''
}
