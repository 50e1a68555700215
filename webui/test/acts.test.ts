import { expect, test } from 'vitest'
import { isFinal, isPlannable, mayUse, needsReason, offered } from '../src/state/acts'
import { en } from '../src/text/en'
import { zh } from '../src/text/zh'
import * as schema from '../src/wire/schema'

test('each role is offered its own step and no other', () => {
  expect(offered('tasking', 'pending', 'duty_chief')).toContain('order')
  expect(offered('tasking', 'pending', 'dispatcher')).not.toContain('order')
  expect(offered('tasking', 'ordered', 'operator')).toEqual(['accept', 'refuse', 'acknowledge', 'decline']) // the last two where an amendment waits
  expect(offered('airspace', 'filed', 'atc')).toEqual(['approve', 'refuse', 'counter'])
  expect(offered('airspace', 'filed', 'dispatcher')).not.toContain('approve')
  expect(mayUse('adopt', 'dispatcher')).toBe(true)
  expect(mayUse('adopt', 'duty_chief')).toBe(false)
})

test('nobody is offered anything in a final state', () => {
  expect(isFinal('tasking', 'ended')).toBe(true)
  expect(offered('tasking', 'ended', 'dispatcher')).toEqual([])
  expect(isPlannable('reported')).toBe(false)
})

test('recalling, refusing and dismissing ask for a reason', () => {
  expect(needsReason('tasking', 'recall')).toBe(true)
  expect(needsReason('airspace', 'refuse')).toBe(true)
  expect(needsReason('incident', 'dismiss')).toBe(true)
  expect(needsReason('incident', 'confirm')).toBe(false)
})

const named: [Record<string, string | number>, keyof typeof zh][] = [
  [schema.Role, 'role'],
  [schema.IncidentKind, 'incidentKind'],
  [schema.IncidentState, 'incidentState'],
  [schema.IncidentAction, 'incidentAction'],
  [schema.AlarmKind, 'alarmKind'],
  [schema.AlarmFlag, 'alarmFlag'],
  [schema.TaskingState, 'taskingState'],
  [schema.TaskingAction, 'taskingAction'],
  [schema.RefusalReason, 'refusal'],
  [schema.AirspaceKind, 'airspaceKind'],
  [schema.AirspaceState, 'airspaceState'],
  [schema.AirspaceAction, 'airspaceAction'],
  [schema.PlanState, 'planState'],
  [schema.TimerKind, 'timer'],
]

test.each(named)('every value of the vocabulary has its word in both languages (%#)', (table, key) => {
  const values = Object.keys(table).filter((name) => Number.isNaN(Number(name)) && name !== 'UNSPECIFIED')
  for (const value of values) {
    expect(zh[key], value).toHaveProperty(value.toLowerCase())
    expect(en[key], value).toHaveProperty(value.toLowerCase())
  }
})
