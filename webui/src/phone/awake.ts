// Keeps the screen on while one of the crew's aircraft is out: a dark phone reports no position and shows no recall.
import { computed, ref, watch } from 'vue'
import { FLYING, tables } from '../state/world'

export const awake = ref(false)
const flying = computed(() => [...tables.taskings.values()].some((one) => FLYING.has(one.state)))

let lock: WakeLockSentinel | undefined

async function hold(): Promise<void> {
  if (!flying.value || document.visibilityState !== 'visible' || lock || !('wakeLock' in navigator)) return
  try {
    lock = await navigator.wakeLock.request('screen')
    awake.value = true
    lock.onrelease = () => {
      lock = undefined
      awake.value = false
    }
  } catch {
    awake.value = false // low battery, or the browser will not
  }
}

/** Returns how to stop. */
export function keepAwake(): () => void {
  document.addEventListener('visibilitychange', hold)
  const unwatch = watch(flying, (on) => void (on ? hold() : lock?.release()), { immediate: true })
  return () => {
    document.removeEventListener('visibilitychange', hold)
    unwatch()
    void lock?.release()
  }
}
