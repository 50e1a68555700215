// The server's clock as this page knows it. Ages and timers are never counted on the desk PC's own clock.
import { ref } from 'vue'

let offset_ms = 0
let bestRoundTrip_ms = Infinity

/** Server time now, ms since 1970. */
export function serverNow(): number {
  return Date.now() + offset_ms
}

/** A stamp that just arrived: right within the one-way delay; used until an echo gives a better one. */
export function hearStamp(server_ms: number): void {
  if (bestRoundTrip_ms === Infinity) {
    offset_ms = server_ms - Date.now()
    tick()
  }
}

/** An echo: the offset of the quickest round trip so far wins; slow ones say little. */
export function hearEcho(sent_ms: number, server_ms: number): void {
  const back = Date.now()
  const roundTrip = back - sent_ms
  if (roundTrip <= bestRoundTrip_ms * 1.5) {
    bestRoundTrip_ms = Math.min(bestRoundTrip_ms, roundTrip)
    offset_ms = server_ms + roundTrip / 2 - back
  }
}

/** Reactive server time for words on the screen, once a second. */
export const now_ms = ref(serverNow())

function tick(): void {
  now_ms.value = serverNow()
}
setInterval(tick, 1000)
