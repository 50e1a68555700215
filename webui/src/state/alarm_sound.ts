// A sound while a red alarm is unacknowledged, one soft note for a new amber one. Off until somebody turns it on at this
// machine: browsers play nothing before a click, and say so only by silence. Muted for two minutes, never for good.
import { computed, ref, watch } from 'vue'
import { now_ms } from './clock'
import { unacknowledged } from './alarms'

const KEY = 'ganying.alarm-sound'
const MUTE_MS = 120_000
const EVERY_MS = 3_000

export type Sound = 'off' | 'on' | 'muted' | 'blocked'

const wanted = ref(localStorage.getItem(KEY) === 'on')
const running = ref(false)
const mutedUntil_ms = ref(0)
let context: AudioContext | undefined

export const sound = computed<Sound>(() => (!wanted.value ? 'off' : !running.value ? 'blocked' : now_ms.value < mutedUntil_ms.value ? 'muted' : 'on'))
export const mutedFor_ms = computed(() => Math.max(0, mutedUntil_ms.value - now_ms.value))

/** Called from a click: off → on → muted for a while → on again. */
export async function pressSound(): Promise<void> {
  if (sound.value === 'on') mutedUntil_ms.value = now_ms.value + MUTE_MS
  else if (sound.value === 'muted') mutedUntil_ms.value = 0
  else {
    wanted.value = true
    localStorage.setItem(KEY, 'on')
    context ??= new AudioContext()
    context.onstatechange = () => (running.value = context?.state === 'running')
    await context.resume()
    running.value = context.state === 'running'
    note(660, 0, 0.12)
  }
}

export function soundOff(): void {
  wanted.value = false
  localStorage.removeItem(KEY)
}

function note(frequency_hz: number, after_s: number, long_s: number): void {
  if (!context) return
  const oscillator = context.createOscillator()
  const gain = context.createGain()
  const at = context.currentTime + after_s
  oscillator.frequency.value = frequency_hz
  gain.gain.setValueAtTime(0.0001, at)
  gain.gain.exponentialRampToValueAtTime(0.25, at + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.0001, at + long_s)
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(at)
  oscillator.stop(at + long_s)
}

let soundedAt_ms = 0
const red = computed(() => unacknowledged.value.some((one) => one.level === 1))
watch([red, now_ms], ([on]) => {
  if (!on || sound.value !== 'on' || now_ms.value - soundedAt_ms < EVERY_MS) return
  soundedAt_ms = now_ms.value
  note(880, 0, 0.18)
  note(660, 0.22, 0.18)
})

const heard = new Set<string>()
watch(unacknowledged, (list) => {
  const fresh = list.filter((one) => one.level === 2 && !heard.has(one.id))
  heard.clear()
  for (const one of list) heard.add(one.id)
  if (fresh.length && sound.value === 'on') note(520, 0, 0.25)
})
