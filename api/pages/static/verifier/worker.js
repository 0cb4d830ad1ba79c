/** Keeps the page /verify, its modules and whom its node trusts, for when there is no network. The network comes first. */
const CACHE = "verify";

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(keepAll());
});

// The page that is open already asks through here too, or its first visit would end with the network.
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

async function keepAll() {
  const answer = await fetch("/verify/offline.json");
  const cache = await caches.open(CACHE);
  await cache.addAll(await answer.json());
}

addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

// Kept by address alone: what answers vary by (accept, language, cookie) is another when the page is opened than when a
// script fetched it, and nothing would be found.
async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const found = await fetch(request);
    if (found.ok) await cache.put(request.url, found.clone());
    return found;
  } catch {
    const kept = (search) => cache.match(request.url, { ignoreVary: true, ignoreSearch: search });
    return (await kept(false)) ?? (await kept(true)) ?? Response.error();
  }
}
