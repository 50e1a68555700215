// What a planned flight meets, as the server computes it: asked for when something changes, drawn while it is looked at.
import { shallowRef } from 'vue'
import { request, type Problem } from '../wire/http'

export type Point = [number, number]
export interface Conflict {
  kind: 'flight' | 'closure' | 'volume' | 'traffic'
  id: string
  name: string
  at: string
  other_at: string | null
  position: Point
  other_position: Point | null
  apart_m: number
  own_leg: Point[]
  other_leg: Point[] | null
  floor_m: number | null
  ceiling_m: number | null
  unsure: boolean
  counted: boolean
}
export interface Alternative {
  kind: 'time' | 'height' | 'route'
  take_off_at: string
  on_scene_at: string
  land_at: string
  shift_s: number
  transit_floor_m: number | null
  transit_ceiling_m: number | null
  out_turns: Point[]
  back_turns: Point[]
  longer_m: number
  way: Point[][]
}
export interface Conflicts {
  tasking_id: string
  at: string
  known: boolean
  way: Point[][]
  conflicts: Conflict[]
  alternatives: Alternative[]
  limits: { apart_m: number; slack_s: number; height_m: number; near_place_m: number; valid_from: string; source: string }
}

/** Drawn on the map: what is looked at now, and the alternative that is pointed at. */
export const drawn = shallowRef<Conflicts | null>(null)
export const pointed = shallowRef<Alternative | null>(null)

export async function conflictsOf(taskingId: string): Promise<Conflicts | Problem> {
  const answer = await request<Conflicts>('GET', `taskings/${encodeURIComponent(taskingId)}/conflicts`)
  return answer.ok ? answer.value : answer.problem
}
