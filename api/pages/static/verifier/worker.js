/** Keeps the page /verify, its modules and whom its node trusts, for when there is no network. The network comes first. */
const CACHE = "verify";

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(keepAll());
});

async function keepAll() {
  const answer = await fetch("/verify/offline.json");
  const cache = await caches.open(CACHE);
  await cache.addAll(await answer.json());
}

addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const found = await fetch(request);
    if (found.ok) await cache.put(request, found.clone());
    return found;
  } catch {
    const kept = (await cache.match(request)) ?? (await cache.match(request, { ignoreSearch: true }));
    return kept ?? Response.error();
  }
}
