import { create } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { nearBy } from '../src/state/near'
import { IncidentSchema, IncidentState, PossibleDuplicateSchema, type Incident } from '../src/wire/schema'

function incident(id: string, state: IncidentState, ...near: [string, number][]): Incident {
  return create(IncidentSchema, {
    id,
    state,
    possibleDuplicates: near.map(([incidentId, distanceM]) => create(PossibleDuplicateSchema, { incidentId, distanceM, apartS: 60 })),
  })
}

test('a possible duplicate is seen from both sides, nearest first', () => {
  const { REPORTED } = IncidentState
  const found = nearBy([incident('a', REPORTED), incident('b', REPORTED, ['a', 900]), incident('c', REPORTED, ['a', 300], ['b', 1200])])
  expect(found.get('a')?.map((one) => [one.incident.id, one.distance_m])).toEqual([['c', 300], ['b', 900]])
  expect(found.get('b')?.map((one) => one.incident.id)).toEqual(['a', 'c'])
})

test('what is over, or unknown here, is no duplicate any more', () => {
  const { REPORTED, MERGED, DISMISSED } = IncidentState
  const found = nearBy([incident('a', REPORTED, ['gone', 5]), incident('b', MERGED, ['a', 900]), incident('c', DISMISSED, ['a', 300])])
  expect([...found.keys()]).toEqual([])
})
