// Asks the browser to keep the page's shell and what the page stores, where it may (https or this machine).
export async function keepShell(): Promise<void> {
  if (!isSecureContext || !('serviceWorker' in navigator)) return
  void navigator.storage?.persist?.()
  await navigator.serviceWorker.register('/sw.js')
}
