// Keeps the page's shell on the phone, so that it opens without a link: the newest page when the network answers,
// the kept one when it does not. Data and commands are never kept here (src/state/outbox.ts keeps unsent acts).
const CACHE = 'ganying-shell-BUILD'

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(['/phone', '/icon.svg', '/manifest.webmanifest']))
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

// The page was loaded before this worker took over: it names what it needs, and that is kept too.
self.addEventListener('message', (event) => {
  const wanted = (event.data?.keep ?? []).filter((url) => keepable(new URL(url)))
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(wanted)))
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

async function page(request) {
  const answer = await fetch(request).catch(() => null)
  if (answer && answer.status < 500) return answer
  return (await caches.match('/phone')) ?? answer ?? Response.error()
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
