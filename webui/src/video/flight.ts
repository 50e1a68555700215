// From a wall on another screen to the desk's map: the same browser, another window.
export interface Flight {
  key: string
  lon: number
  lat: number
  zoom: number
}
const NAME = 'ganying.map'

export function askMap(to: Flight): void {
  if (typeof BroadcastChannel === 'undefined') return
  const channel = new BroadcastChannel(NAME)
  channel.postMessage(to)
  channel.close()
}

/** Be told where to fly; what is returned ends it. */
export function onFlight(told: (to: Flight) => void): () => void {
  if (typeof BroadcastChannel === 'undefined') return () => undefined
  const channel = new BroadcastChannel(NAME)
  channel.onmessage = (event: MessageEvent<Flight>) => told(event.data)
  return () => channel.close()
}
