// Where cameras look: what the map draws of a stream's newest picture. Whoever reads streams puts it in and takes it out.
import { shallowRef } from 'vue'

/** Longitude, latitude; degrees WGS-84. */
export type Place = readonly [lon: number, lat: number]

export interface Look {
  /** Of the stream. */
  id: string
  name: string
  sensor: Place | null
  centre: Place | null
  target: Place | null
  /** From the picture's upper left corner, clockwise: four, or none. */
  corners: readonly Place[] | null
  /** How the corners are known. */
  by: 'stated' | 'angles' | 'centre' | null
  /** The upper edge looks over the horizon and is cut off. */
  cut: boolean
  /** Not of now any more: the picture stands still. */
  stale: boolean
}

const PAST = 'past:'
/** The id under which a replayed recording's look stands beside those of now. */
export function pastId(streamId: string): string {
  return PAST + streamId
}
export function isPast(id: string): boolean {
  return id.startsWith(PAST)
}

export const looks = shallowRef<ReadonlyMap<string, Look>>(new Map())

export function putLook(look: Look): void {
  looks.value = new Map(looks.value).set(look.id, look)
}

export function dropLook(id: string): void {
  if (!looks.value.has(id)) return
  const rest = new Map(looks.value)
  rest.delete(id)
  looks.value = rest
}
