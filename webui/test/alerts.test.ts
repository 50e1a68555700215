import { create } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { alerts, forgetAlerts, takeAlerts } from '../src/state/alerts'
import { AlertsSchema } from '../src/wire/schema'

function tell(ids: string[], more: { whole?: boolean; over?: boolean } = {}): void {
  takeAlerts(create(AlertsSchema, { whole: more.whole ?? false, alerts: ids.map((id) => ({ id, over: more.over ?? false })) }))
}

test('an alert stays until it is over, and a whole message replaces what was', () => {
  tell(['a'])
  tell(['b'])
  expect([...alerts.value.keys()]).toEqual(['a', 'b'])
  tell(['a'], { over: true })
  expect([...alerts.value.keys()]).toEqual(['b'])
  tell(['c'], { whole: true })
  expect([...alerts.value.keys()]).toEqual(['c'])
  forgetAlerts()
  expect(alerts.value.size).toBe(0)
})
