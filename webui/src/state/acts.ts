// Which act is offered to whom, and when. The tables are the server's own, written by acts.py at build time.
import source from '../gen/acts.json'

export type Subject = 'incident' | 'tasking' | 'airspace'

interface Machine {
  initial: string
  table: Record<string, Record<string, string>>
  roles: Record<string, string[]>
  needs_reason: string[]
}

const machines = source as unknown as Record<Subject, Machine>

/** Acts that `role` may do in `state`, in the order of the lifecycle's table. */
export function offered(subject: Subject, state: string, role: string): string[] {
  const machine = machines[subject]
  return Object.keys(machine.table[state] ?? {}).filter((action) => machine.roles[action]?.includes(role))
}

export function possible(subject: Subject, state: string): string[] {
  return Object.keys(machines[subject].table[state] ?? {})
}

export function whoMay(subject: Subject, action: string): string[] {
  return machines[subject].roles[action] ?? []
}

export function needsReason(subject: Subject, action: string): boolean {
  return machines[subject].needs_reason.includes(action)
}

export function isFinal(subject: Subject, state: string): boolean {
  return possible(subject, state).length === 0
}

type Door = keyof typeof source.doors

export function mayUse(door: Door, role: string): boolean {
  return (source.doors[door] as string[]).includes(role)
}

export function isPlannable(state: string): boolean {
  return (source.plannable as string[]).includes(state)
}

/** How alarms may be handled; dispatch/alert_limits.py. */
export const ALERT_LIMITS = source.alert_limits as unknown as {
  shelve_minutes: Record<string, number>
  inhibit_minutes: number
  never_inhibited: string[]
  flood: number
  flood_s: number
}

/** Seconds at which a track of a kind of source dims, is stale, is lost; dispatch/tracks.py. */
export const LIMITS_S = source.limits_s as unknown as Record<string, [number, number, number]>

/** Which heights of incident airspace are whose; dispatch/traffic_area_stack.py. */
export const TRAFFIC_LAYERS = source.traffic_layers as { by_kind: Record<string, string[]>; from_above: string[] }

/** The state after an act, if the table has it. */
export function following(subject: Subject, state: string, action: string): string | undefined {
  return machines[subject].table[state]?.[action]
}
