// How old is too old. One row per kind of source, the server's own limits (dispatch/freshness.py, by acts.py).
import { kindWord, SourceKind } from '../wire/schema'
import { LIMITS_S } from './acts'

export type Freshness = 'live' | 'dim' | 'stale' | 'ghost'

export interface Limits {
  dim_ms: number
  stale_ms: number
  lost_ms: number
}

const known = new Map<SourceKind, Limits>() // asked for each thing and frame

export function limitsOf(kind: SourceKind): Limits {
  let limits = known.get(kind)
  if (!limits) {
    const [dim, stale, lost] = LIMITS_S[kindWord(SourceKind, kind)] ?? LIMITS_S['adsb']!
    limits = { dim_ms: dim * 1000, stale_ms: stale * 1000, lost_ms: lost * 1000 }
    known.set(kind, limits)
  }
  return limits
}

export function freshnessOf(age_ms: number, limits: Limits): Freshness {
  if (age_ms >= limits.lost_ms) return 'ghost'
  if (age_ms >= limits.stale_ms) return 'stale'
  if (age_ms >= limits.dim_ms) return 'dim'
  return 'live'
}

/** How far ahead of its last report an aircraft may be drawn: 1.5 cadences, nothing once stale (CONSOLE §8.11). */
export function extrapolation_ms(age_ms: number, cadence_ms: number, limits: Limits): number {
  if (age_ms >= limits.stale_ms) return 0
  return Math.max(0, Math.min(age_ms, 1.5 * cadence_ms))
}

export type LinkTag = 'connecting' | 'live' | 'stale' | 'lost'

export const LINK_STALE_MS = 3_000 // Status comes each second: three missed
export const LINK_LOST_MS = 8_000

export function linkTag(open: boolean, everHeard: boolean, silent_ms: number): LinkTag {
  if (!everHeard) return silent_ms > LINK_LOST_MS ? 'lost' : 'connecting'
  if (silent_ms > LINK_LOST_MS || (!open && silent_ms > LINK_STALE_MS)) return 'lost'
  if (silent_ms > LINK_STALE_MS || !open) return 'stale'
  return 'live'
}
