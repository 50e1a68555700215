// A new order rings until somebody on this phone takes note: sound, vibration, a banner. Browsers give sound only after a
// first touch, so it is unlocked by any; until then the page says that it is silent.
import { computed, ref, shallowRef, watch } from 'vue'
import { tables } from '../state/world'
import { TaskingState, type Tasking } from '../wire/schema'

const KEY = 'ganying.heard'
const EVERY_MS = 1_600
const BEEPS_HZ = [880, 1175, 880] as const
const BEEP_S = 0.18

let context: AudioContext | undefined
let timer: ReturnType<typeof setInterval> | undefined
const noted = shallowRef(new Set<string>(JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as string[]))
export const audible = ref(false)

/** What calls for somebody: an order without an answer, a recall in flight. */
const cries = (one: Tasking): string => {
  if (one.state === TaskingState.ORDERED) return `${one.id}:ordered:${one.version}`
  const recall = one.history.findLastIndex((step) => step.action === 'recall')
  return recall >= 0 && one.state === TaskingState.RETURNING ? `${one.id}:recall:${recall}` : ''
}

export interface Cry {
  key: string
  tasking: Tasking
  kind: 'ordered' | 'recall'
}

export const crying = computed<Cry[]>(() =>
  [...tables.taskings.values()]
    .map((tasking) => ({ key: cries(tasking), tasking, kind: (tasking.state === TaskingState.ORDERED ? 'ordered' : 'recall') as Cry['kind'] }))
    .filter((one) => one.key && !noted.value.has(one.key)),
)

export function takeNote(taskingId: string): void {
  const now = tables.taskings.get(taskingId)
  const key = now ? cries(now) : ''
  if (!key || noted.value.has(key)) return
  noted.value = new Set([...noted.value, key].slice(-50))
  sessionStorage.setItem(KEY, JSON.stringify([...noted.value]))
}

function unlock(): void {
  context ??= new AudioContext()
  void context.resume().then(() => (audible.value = context?.state === 'running'))
}

/** Something new that waits for nobody: sounded once. */
export const ringOnce = (): void => ring()

function ring(): void {
  navigator.vibrate?.([300, 120, 300])
  if (!context || context.state !== 'running') return
  BEEPS_HZ.forEach((hz, i) => {
    const at = context!.currentTime + i * (BEEP_S + 0.05)
    const tone = context!.createOscillator()
    const loud = context!.createGain()
    tone.type = 'square'
    tone.frequency.value = hz
    loud.gain.setValueAtTime(0.0001, at)
    loud.gain.exponentialRampToValueAtTime(0.5, at + 0.02)
    loud.gain.setValueAtTime(0.5, at + BEEP_S - 0.03)
    loud.gain.exponentialRampToValueAtTime(0.0001, at + BEEP_S)
    tone.connect(loud).connect(context!.destination)
    tone.start(at)
    tone.stop(at + BEEP_S)
  })
}

/** Returns how to stop. */
export function watchAlarms(): () => void {
  addEventListener('pointerdown', unlock)
  const unwatch = watch(
    () => crying.value.length > 0,
    (on) => {
      clearInterval(timer)
      if (!on) return
      ring()
      timer = setInterval(ring, EVERY_MS)
    },
    { immediate: true },
  )
  return () => {
    removeEventListener('pointerdown', unlock)
    clearInterval(timer)
    unwatch()
  }
}
