// What the server knows of the ground: tiles, heights of places and of what flies. Nothing is guessed where it knows none.
import { shallowRef } from 'vue'
import { request, type Problem } from '../wire/http'

export interface Tile {
  name: string
  source: string
  resolution_m: number
  datum: string
  unfit: string | null
  void_share: number
}
export interface Terrain {
  state: 'none' | 'reading' | 'ready'
  fit: boolean
  tiles: Tile[]
  faults: { file: string; detail: string }[]
  obstacles: number
}
export interface Elevation {
  elevation_m: number | null
  fit: boolean
}
export interface NearObstacle {
  id: string
  name: string
  top_m: number | null
  away_m: number
}
export interface TrackHeight {
  height_above_ground_m: number | null
  within_m: number | null
  by: string | null
  ground_m: number | null
  reason: string | null
  obstacle: NearObstacle | null
}
export interface ProfilePoint {
  along_m: number
  ground_m: number | null
  obstacle_m: number | null
}
export interface Clearance {
  highest_m: number | null
  unknown_share: number
  unknown_tops: number
  obstacle: NearObstacle | null
  height_m: number | null
  least_m: number | null
  wanted_m: number
  least_height_m: number | null
  enough: boolean | null
  minima: { valid_from: string; source: string }
  profile: ProfilePoint[]
}
export interface BlockGround {
  highest_m: number | null
  unknown_share: number
  obstacle: NearObstacle | null
  floor_msl_m: number | null
  ceiling_msl_m: number | null
  profile: ProfilePoint[]
}

export const terrain = shallowRef<Terrain | null>(null)
export const terrainProblem = shallowRef<Problem | null>(null)

export async function fetchTerrain(): Promise<void> {
  const answer = await request<Terrain>('GET', 'terrain')
  terrainProblem.value = answer.ok ? null : answer.problem
  if (answer.ok) terrain.value = answer.value
}
export async function readTerrain(): Promise<void> {
  const answer = await request<Terrain>('POST', 'terrain/read', {})
  terrainProblem.value = answer.ok ? null : answer.problem
  if (answer.ok) terrain.value = answer.value
}

async function value<T>(path: string): Promise<T | null> {
  const answer = await request<T>('GET', path)
  return answer.ok ? answer.value : null
}
export const elevationAt = (lon: number, lat: number): Promise<Elevation | null> => value(`terrain/elevation?lon=${lon.toFixed(6)}&lat=${lat.toFixed(6)}`)
export const trackHeight = (id: string): Promise<TrackHeight | null> => value(`tracks/height?id=${encodeURIComponent(id)}`)
export const clearanceOf = (taskingId: string): Promise<Clearance | null> => value(`taskings/${encodeURIComponent(taskingId)}/clearance`)
export const blockGround = (requestId: string): Promise<BlockGround | null> => value(`airspace/${encodeURIComponent(requestId)}/ground`)

/** Heights above ground by the thing's number, as of the last asking; for labels. */
export const heights = new Map<number, number>()
export async function fetchHeights(box: { west: number; south: number; east: number; north: number }): Promise<void> {
  const bound = (degrees: number, most: number): string => Math.max(-most, Math.min(most, degrees)).toFixed(6)
  const bbox = [bound(box.west, 180), bound(box.south, 90), bound(box.east, 180), bound(box.north, 90)].join(',')
  const found = await value<{ numbers: number[]; heights_m: number[] }>(`tracks/heights?bbox=${bbox}`)
  heights.clear()
  found?.numbers.forEach((number, i) => heights.set(number, found.heights_m[i]!))
}
