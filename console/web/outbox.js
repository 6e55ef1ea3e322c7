// Answers of this phone: kept in IndexedDB before anything is sent, sent again in their order until the server says what became of them.
"use strict";

const Outbox = (() => {
  const KEPT_MS = 24 * 3600 * 1000;
  let opened = null;

  function database() {
    opened = opened || new Promise((resolve, reject) => {
      const asked = indexedDB.open("quanmai-crew", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("answers", { keyPath: "number", autoIncrement: true });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => { opened = null; reject(asked.error); };
    });
    return opened;
  }

  // Resolves when the transaction is complete, not when the request is: only then is the answer kept.
  async function within(mode, work) {
    const base = await database();
    return new Promise((resolve, reject) => {
      const transaction = base.transaction("answers", mode, mode === "readwrite" ? { durability: "strict" } : undefined);
      const asked = work(transaction.objectStore("answers"));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  const all = () => within("readonly", (store) => store.getAll());
  const put = (answer) => within("readwrite", (store) => store.put(answer));
  const remove = (number) => within("readwrite", (store) => store.delete(number));

  async function keep(crew, label, body, of = "", photo = null) {
    const id = crypto.randomUUID ? crypto.randomUUID() : Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
    const at = new Date().toISOString();
    await put({ crew, label, at, of, photo, state: "kept", why: "", body: { ...body, id, t: at } });
  }

  // One after the other: a later answer must not overtake an earlier one. Returns whether something is left to send.
  async function flush(crew, proof, changed) {
    const waiting = (await all()).filter((one) => one.crew === crew && (one.state === "kept" || one.state === "sent"));
    for (const one of waiting) {
      let response;
      try {
        response = await fetch(one.photo ? `/photos?${new URLSearchParams(one.body)}` : "/answers", {
          method: "POST", credentials: "same-origin", cache: "no-store",
          headers: { "Content-Type": one.photo ? "image/jpeg" : "application/json", "X-Quanmai-Page": proof },
          body: one.photo || JSON.stringify(one.body),
        });
      } catch {
        return true;
      }
      if (response.status === 202) {
        await put({ ...one, state: "sent" });
        await changed();
        return true;
      }
      if (response.status === 200) {
        const told = await response.json();
        await put({ ...one, photo: null, state: told.state, why: told.why });
      } else if ([400, 404, 413, 422].includes(response.status)) {
        const told = await response.json().catch(() => ({}));
        await put({ ...one, photo: null, state: "refused", why: told.why || told.fault || `HTTP ${response.status}` });
      } else {
        return true; // no link any more, too many, or the store is away: the answer stays here
      }
      await changed();
    }
    return false;
  }

  async function tidy() {
    const before = Date.now() - KEPT_MS;
    for (const one of await all()) {
      if ((one.state === "taken" || one.state === "refused") && Date.parse(one.at) < before) await remove(one.number);
    }
  }

  return { all, keep, flush, tidy };
})();
