// What might be the same thing, seen from both sides: the server names it on the newer record, people look at either.
import { IncidentState, kindWord, type Incident } from '../wire/schema'
import { isFinal } from './acts'

export interface Near {
  incident: Incident
  distance_m: number
  apart_s: number
}

const over = (one: Incident): boolean => isFinal('incident', kindWord(IncidentState, one.state))

/** Possible duplicates by incident, nearest first; nothing that is over. */
export function nearBy(incidents: Iterable<Incident>): Map<string, Near[]> {
  const open = new Map([...incidents].filter((one) => !over(one)).map((one) => [one.id, one]))
  const found = new Map<string, Map<string, Near>>()
  const put = (at: string, near: Near): void => {
    const known = found.get(at) ?? new Map<string, Near>()
    if (!known.has(near.incident.id)) known.set(near.incident.id, near)
    found.set(at, known)
  }
  for (const one of open.values())
    for (const said of one.possibleDuplicates) {
      const other = open.get(said.incidentId)
      if (!other) continue
      put(one.id, { incident: other, distance_m: said.distanceM, apart_s: said.apartS })
      put(other.id, { incident: one, distance_m: said.distanceM, apart_s: said.apartS })
    }
  return new Map([...found].map(([id, near]) => [id, [...near.values()].sort((a, b) => a.distance_m - b.distance_m)]))
}
