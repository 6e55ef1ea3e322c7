// The crew's page: buttons put answers into the outbox; the page keeps itself current while there is a signal.
"use strict";

(() => {
  const about = document.body.dataset;
  const LOOK_MS = 15000, SOON_MS = 4000, LATEST_MS = 60000;
  let pause = SOON_MS, timer = 0, isSending = false;

  function word(key) { return document.body.getAttribute(`data-word-${key.replaceAll("_", "-")}`) || key; }

  async function show() {
    const box = document.getElementById("outbox");
    const mine = (await Outbox.all()).filter((one) => one.crew === about.crew).reverse();
    box.hidden = mine.length === 0;
    box.querySelector("ul").replaceChildren(...mine.map((one) => {
      const row = document.createElement("li"), head = document.createElement("b"), state = document.createElement("span");
      row.className = one.state;
      head.textContent = one.body.order_id ? `${one.body.order_id} · ${one.label}` : one.label;
      state.textContent = word(one.state) + (one.why ? `: ${one.why}` : "");
      row.append(head, state);
      return row;
    }));
    // Beside what was answered too, until the desk has it: the list may be far below.
    document.querySelectorAll("p.mine").forEach((line) => {
      const last = mine.find((one) => one.body.order_id === (about.order || "") && (one.of || one.body.valve_id || "") === line.dataset.of);
      line.hidden = !last || last.state === "taken";
      line.className = `mine ${last ? last.state : ""}`;
      line.textContent = last ? `${last.label}: ${word(last.state)}${last.why ? ` (${last.why})` : ""}` : "";
    });
  }

  async function send() {
    if (isSending) return;
    isSending = true;
    clearTimeout(timer);
    try {
      // One tab at a time, where the browser can: the server tells the same answer apart by its id all the same.
      const work = () => Outbox.flush(about.crew, about.proof, show);
      const isLeft = navigator.locks ? await navigator.locks.request("quanmai-outbox", work) : await work();
      pause = isLeft ? Math.min(pause * 2, LATEST_MS) : SOON_MS;
      if (isLeft) timer = setTimeout(send, pause);
      else await look();
    } finally {
      isSending = false;
    }
  }

  function signal(key) {
    const line = document.getElementById("signal");
    line.hidden = key === "";
    line.textContent = key === "" ? "" : word(key);
  }

  async function post(path, body) {
    return fetch(path, {
      method: "POST", credentials: "same-origin", cache: "no-store",
      headers: { "Content-Type": "application/json", "X-Quanmai-Page": about.proof }, body: JSON.stringify(body),
    });
  }

  // Tell the server which version of the order this phone has kept; a newer one is fetched unless a hand is on the page.
  async function look() {
    try {
      if (!about.order) { await prefetch(); signal(""); return; }
      const kept = await caches.match(location.pathname, { cacheName: "pages" });
      if (!kept) await (await caches.open("pages")).add(location.pathname);
      await keepPhotos(document);
      const response = await post(`/orders/${encodeURIComponent(about.order)}/kept`, { version: Number(about.version) });
      if (response.status === 401) { await forget(); location.reload(); return; }
      signal(response.status >= 500 ? "offline" : "");
      if (response.ok && !(await response.json()).is_current && !document.querySelector("details[open]")) location.reload();
    } catch {
      signal("offline");
    }
  }

  // The orders' pages are kept before they are opened: at the chamber there may be no signal.
  async function prefetch() {
    const list = await fetched("/");
    if (list === null) return;
    const pages = await caches.open("pages");
    const live = [...list.querySelectorAll("a.order.live")].map((one) => one.getAttribute("href"));
    for (const href of live) {
      const page = await fetched(href, pages);
      if (page !== null) await keepPhotos(page);
      if (page !== null) await post(`${href}/kept`, { version: Number(page.body.dataset.version) });
    }
    // Photos of orders that are over leave the phone.
    for (const one of await pages.keys()) {
      const [path, order] = new URL(one.url).pathname.match(/^(.*)\/photos\/[^/]+$/) || [];
      if (path && !live.includes(order)) await pages.delete(one);
    }
    const shown = document.getElementById("orders").innerHTML !== list.getElementById("orders").innerHTML;
    if ((shown || list.body.dataset.duty !== about.duty) && !document.querySelector("details[open]")) location.reload();
  }

  async function fetched(path, pages = null) {
    const response = await fetch(path, { cache: "no-store", credentials: "same-origin" });
    if (response.status === 401) { await forget(); location.reload(); return null; }
    if (response.status >= 500) throw new Error("the centre cannot answer now");
    if (response.status !== 200) return null;
    if (pages !== null) await pages.put(path, response.clone());
    return new DOMParser().parseFromString(await response.text(), "text/html");
  }

  // Photos of the page's valves are kept with it; one that cannot be had now is tried again with the next look.
  async function keepPhotos(page) {
    const pages = await caches.open("pages");
    for (const one of page.querySelectorAll("figure img")) {
      const path = one.getAttribute("src");
      if (!(await pages.match(path))) await pages.add(path).catch(() => undefined);
    }
  }

  // Another crew, or a revoked link: pages of before are not shown any more.
  async function forget() { await caches.delete("pages"); }

  async function begin() {
    document.querySelectorAll("button.language").forEach((one) => one.addEventListener("click", async () => {
      await fetch(`/language/${one.dataset.language}`, { method: "POST", credentials: "same-origin" });
      await forget();
      location.reload();
    }));
    if (!about.crew) { if (about.problem === "no_link") await forget(); return; }
    if (localStorage.getItem("crew") !== about.crew) { await forget(); localStorage.setItem("crew", about.crew); }
    if (navigator.serviceWorker) await navigator.serviceWorker.register("/worker.js");
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    await Outbox.tidy();
    document.querySelectorAll("button.answer").forEach((one) => {
      one.addEventListener("click", async () => {
        one.disabled = true;
        const { state, of, valve, unable, label } = one.dataset;
        const values = Field.filled(one);
        if (values === null) { one.disabled = false; return; }
        if (values.fault === "elsewhere") {
          try { Object.assign(values, await Field.here()); } catch { signal("no_place"); one.disabled = false; return; }
        }
        try {
          const file = state === "photo" ? one.closest("details").querySelector("input[type='file']").files[0] : null;
          const photo = file ? await Field.shrunk(file) : null;
          const body = { order_id: about.order || "", state, valve_id: valve || "", unable: unable || "", ...values };
          await Outbox.keep(about.crew, label, body, of || "", photo);
        } catch {
          signal(state === "photo" ? "photo_not_kept" : "not_kept");
          one.disabled = false;
          return;
        }
        Field.clear(one);
        const open = one.closest("details");
        if (open) open.open = false;
        one.disabled = false;
        pause = SOON_MS;
        await show();
        await send();
      });
      one.disabled = false;
    });
    Field.choosePipes();
    Field.searchPipes(about, word);
    Field.share(about, word, post);
    await show();
    addEventListener("online", send);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
    setInterval(() => { if (!document.hidden) look(); }, LOOK_MS);
    await send();
    document.body.dataset.ready = "yes";
  }

  begin();
})();
