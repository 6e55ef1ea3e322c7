// Pages come from the network while there is one, else as they were kept. A revoked link empties what was kept.
"use strict";

const PAGES = "pages", FILES = "files-2", NETWORK_MS = 4000;
const STATIC = ["/crew.css", "/crew.js", "/field.js", "/outbox.js", "/icon.svg", "/manifest.webmanifest"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((files) => files.addAll(STATIC)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((one) => one !== FILES && one !== PAGES).map((one) => caches.delete(one))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== "GET") return;
  if (STATIC.includes(path)) event.respondWith(fromNetwork(event.request, FILES, path));
  else if (/^\/orders\/[^/]+\/photos\/[^/]+$/.test(path)) event.respondWith(fromCache(event.request, path));
  else if (path === "/" || /^\/orders\/[^/]+$/.test(path)) event.respondWith(fromNetwork(event.request, PAGES, path));
});

// A photo's address is the hash of its bytes: what was kept once is never asked for again.
async function fromCache(request, path) {
  const kept = await (await caches.open(PAGES)).match(path);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.status === 200) await (await caches.open(PAGES)).put(path, response.clone());
  return response;
}

async function fromNetwork(request, name, path) {
  const kept = await (await caches.open(name)).match(path);
  const asked = fetch(request).then(async (response) => {
    if (response.status === 401) await caches.delete(PAGES);
    if (kept && (response.status === 429 || response.status >= 500)) return kept;
    if (response.status === 200) await (await caches.open(name)).put(path, response.clone());
    return response;
  });
  if (!kept) return asked;
  const late = new Promise((resolve) => setTimeout(() => resolve(kept), NETWORK_MS));
  return Promise.race([asked.catch(() => kept), late]);
}
