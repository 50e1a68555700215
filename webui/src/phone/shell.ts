// Asks the browser to keep the page's shell, where it may (https or this machine).
export async function keepShell(): Promise<void> {
  if (!isSecureContext || !('serviceWorker' in navigator)) return
  await navigator.serviceWorker.register('/sw.js')
  const ready = await navigator.serviceWorker.ready
  const loaded = performance.getEntriesByType('resource').map((one) => one.name)
  ready.active?.postMessage({ keep: loaded })
}
