// What the planner thinks about now: all runs each time one of them changes, and how each came to where it is.
import { shallowRef } from 'vue'
import { ms, type PlannerRun, type PlannerRuns } from '../wire/schema'
import { serverNow } from './clock'

/** One moment of a run: the best score so far and what is proven, if anything. */
export interface Point {
  at_ms: number
  score: number
  bound: number | undefined
}

export interface Course {
  run: PlannerRun
  points: Point[]
}

const MOST_POINTS = 240 // a point at most each fifth of a second: a run of two minutes is thinned

export const courses = shallowRef<ReadonlyMap<number, Course>>(new Map())

export function takePlannerRuns(message: PlannerRuns): void {
  const present = new Map<number, Course>()
  for (const run of message.runs) present.set(run.id, { run, points: follow(courses.value.get(run.id)?.points ?? [], run) })
  courses.value = present
}

export function follow(points: Point[], run: PlannerRun): Point[] {
  if (run.score === undefined) return points
  const last = points.at(-1)
  if (last && last.score === run.score && last.bound === run.bound) return points
  const next = [...points, { at_ms: serverNow(), score: run.score, bound: run.bound }]
  return next.length > MOST_POINTS ? next.filter((_, i) => i % 2 === 0 || i === next.length - 1) : next
}

/** Per cent by which the plan could still be better, at most; undefined where nothing is proven. */
export function gapOf(score: number | undefined, bound: number | undefined): number | undefined {
  return score === undefined || bound === undefined || score <= 0 ? undefined : Math.max(0, (1 - bound / score) * 100)
}

/** Seconds since the run was asked for. */
export function age_s(run: PlannerRun, at_ms: number): number {
  return Math.max(0, (at_ms - ms(run.beganAtUs)) / 1000)
}

export function forgetPlannerRuns(): void {
  courses.value = new Map()
}
