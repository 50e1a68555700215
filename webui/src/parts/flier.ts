// An aircraft on a sketch.
import type { LonLat } from '../state/geodesy'

export interface Flier extends LonLat {
  id: string
  name: string
  second: string
  /** own, partner or civil, and how fresh. */
  tone: string
  course_deg: number
}
