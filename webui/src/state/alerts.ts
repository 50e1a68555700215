// What the picture itself cries out, as the server says it: distress, conflicts, doubtful sources. Told at once and
// whole after each connection; one that is over is told once more and goes.
import { shallowRef } from 'vue'
import type { Alert, Alerts } from '../wire/schema'

export const alerts = shallowRef<ReadonlyMap<string, Alert>>(new Map())

export function takeAlerts(message: Alerts): void {
  const present = new Map(message.whole ? [] : alerts.value)
  for (const one of message.alerts) {
    if (one.over) present.delete(one.id)
    else present.set(one.id, one)
  }
  alerts.value = present
}

export function forgetAlerts(): void {
  alerts.value = new Map()
}
