// How a thing looks: its symbol by what people registered, else by what it says of itself, else by who hears it.
import { extrapolation_ms, type Limits } from '../state/freshness'
import { AircraftKind, SourceKind, ThingKind, type Aircraft } from '../wire/schema'
import type { Shape } from './symbols'

const BY_KIND: Partial<Record<ThingKind, Shape>> = {
  [ThingKind.AIRPLANE]: 'airplane',
  [ThingKind.HELICOPTER]: 'helicopter',
  [ThingKind.UAV]: 'uav',
  [ThingKind.OTHER_AIRCRAFT]: 'other_aircraft',
  [ThingKind.VEHICLE]: 'vehicle',
  [ThingKind.TEAM]: 'team',
  [ThingKind.VESSEL]: 'vessel',
  [ThingKind.OBSTACLE]: 'obstacle',
}

/** ADS-B emitter category, RTCA DO-260B §2.2.3.2.5.2. */
const BY_CATEGORY: Record<string, Shape> = {
  A7: 'helicopter',
  B1: 'other_aircraft',
  B2: 'other_aircraft',
  B3: 'other_aircraft',
  B4: 'other_aircraft',
  B6: 'uav',
  C1: 'vehicle',
  C2: 'vehicle',
  C3: 'obstacle',
  C4: 'obstacle',
  C5: 'obstacle',
}

/** Sources that hear only what flies: of a thing without a kind they still say that much. */
const AIR = new Set([SourceKind.ADSB, SourceKind.MLAT, SourceKind.RADAR, SourceKind.SYSTEM_TRACK])

export interface Seen {
  record?: Aircraft | undefined
  kind: ThingKind | undefined
  category: string
  sourceKind: SourceKind
  partner: boolean
}

export function shapeOf(one: Seen): Shape {
  if (one.record) return one.record.kind === AircraftKind.FIXED_WING ? 'airplane' : 'helicopter'
  const said = (one.kind !== undefined ? BY_KIND[one.kind] : undefined) ?? BY_CATEGORY[one.category]
  if (said) return said
  if (one.partner) return 'helicopter' // what a neighbour sends is a rescue aircraft
  return AIR.has(one.sourceKind) ? 'civil' : 'unknown'
}

/** The bits of a state's doubts, protocols/schema/tracks.proto. */
export const DOUBTS = ['duplicate_address', 'jumps', 'ghost', 'clock', 'single', 'disagree'] as const
export type Doubt = (typeof DOUBTS)[number]
export const SINGLE_BIT = 16
export const GHOST_BIT = 4

export function doubtsOf(bits: number): Doubt[] {
  return DOUBTS.filter((_, place) => bits & (1 << place))
}

/** Doubts about the thing itself; the others are about how well it is heard. */
export const GRAVE: ReadonlySet<Doubt> = new Set<Doubt>(['duplicate_address', 'jumps', 'ghost', 'disagree'])

const AHEAD_WORTH_MS = 3_000 // carried on for less is the ordinary gap between two reports
const SLOW_MPS = 1

/** For how long it is carried on beyond its last report, where that is longer than its usual gap; else 0. */
export function coasts_ms(age_ms: number, cadence_ms: number, speed_mps: number, limits: Limits): number {
  const ahead = extrapolation_ms(age_ms, cadence_ms, limits)
  return speed_mps > SLOW_MPS && age_ms > Math.max(AHEAD_WORTH_MS, 1.5 * cadence_ms) ? ahead : 0
}
