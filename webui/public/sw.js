// Keeps the page's shell on the phone, so that it opens without a link: the crew's page always,
// others when the network does not answer. Data and commands are never kept here (src/state/outbox.ts keeps unsent acts).
const CACHE = 'ganying-shell-BUILD'
const SHELL = ['/phone', '/icon.svg', '/manifest.webmanifest'] // build.sh adds what the phone's page loads

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(SHELL))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

function keepable(url) {
  return url.origin === self.location.origin && (url.pathname.startsWith('/assets/') || url.pathname === '/basemap/sketch.json')
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode === 'navigate') event.respondWith(page(request))
  else if (keepable(url)) event.respondWith(asset(request))
})

// The crew's page is shown as it is kept, at once: on a poor link nobody waits to learn that nothing has changed. A new
// build comes with a new worker and stands at the next opening. Other pages are the network's while it answers.
async function page(request) {
  const kept = await caches.match('/phone')
  if (kept && new URL(request.url).pathname === '/phone') return kept
  const answer = await fetch(request).catch(() => null)
  if (answer && answer.status < 500) return answer
  return kept ?? answer ?? Response.error()
}

// Assets are named by their content: a kept one is never out of date.
async function asset(request) {
  const kept = await caches.match(request)
  if (kept) return kept
  const answer = await fetch(request)
  if (answer.ok) {
    const cache = await caches.open(CACHE)
    await cache.put(request, answer.clone())
  }
  return answer
}
