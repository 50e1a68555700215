// The clocks that run, in the order they run out; and what has run out unmet.
import { computed } from 'vue'
import { kindWord, ms, TimerKind, type Tasking, type Timer } from '../wire/schema'
import { activeTaskings } from './world'

export interface RunningClock {
  key: string
  tasking: Tasking
  kind: string
  started_ms: number
  due_ms: number
  escalated_ms: number | null
}

function clockOf(tasking: Tasking, timer: Timer): RunningClock {
  return {
    key: `${tasking.id}-${timer.kind}`,
    tasking,
    kind: kindWord(TimerKind, timer.kind),
    started_ms: ms(timer.startedAtUs),
    due_ms: ms(timer.dueAtUs),
    escalated_ms: timer.escalatedAtUs === undefined ? null : ms(timer.escalatedAtUs),
  }
}

export const runningClocks = computed(() =>
  activeTaskings.value.flatMap((one) => one.timers.map((timer) => clockOf(one, timer))).sort((a, b) => a.due_ms - b.due_ms),
)

export function nextClockOf(incidentId: string): RunningClock | undefined {
  return runningClocks.value.find((one) => one.tasking.incidentId === incidentId)
}

/** Part of the time that has gone, 0 to 1. */
export function used(clock: RunningClock, now_ms: number): number {
  const whole = clock.due_ms - clock.started_ms
  return whole <= 0 ? 1 : Math.min(1, Math.max(0, (now_ms - clock.started_ms) / whole))
}
