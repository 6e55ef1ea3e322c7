// Forms of the page: a photo is shrunk before it is kept, a pipe can be chosen on the sketch, the position is shared while on duty.
"use strict";

const Field = (() => {
  const LONGEST_PX = 1600, MOST_BYTES = 1000000, EVERY_MS = 15000;

  // The named fields around a button as texts; null when one of them is not filled in properly, which the browser shows.
  function filled(button) {
    const around = button.closest("details"), values = {};
    const listed = around && around.querySelector("select[name='asset_id']:not([required])"), place = around && around.querySelector("[name='place']");
    if (listed && place) place.required = listed.value === "";
    for (const one of around ? around.querySelectorAll("[name]") : []) {
      if (!one.reportValidity()) return null;
      if (one.type !== "file") values[one.name] = one.value;
    }
    return values;
  }

  function clear(button) {
    const around = button.closest("details");
    for (const one of around ? around.querySelectorAll("input[name]:not([type='hidden'])") : []) one.value = "";
  }

  // Drawn anew: smaller, upright, and without what the camera wrote into the file (place, owner).
  async function shrunk(file) {
    const drawn = await createImageBitmap(file, { imageOrientation: "from-image" });
    let scale = Math.min(1, LONGEST_PX / Math.max(drawn.width, drawn.height));
    for (let quality = 0.8; ; quality -= 0.15, scale *= 0.8) {
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(drawn.width * scale));
      canvas.height = Math.max(1, Math.round(drawn.height * scale));
      canvas.getContext("2d").drawImage(drawn, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
      if (blob && (blob.size <= MOST_BYTES || quality < 0.3)) return blob.arrayBuffer();
      if (!blob) throw new Error("the photo cannot be drawn");
    }
  }

  // Where this phone is now, for a valve or hydrant found elsewhere.
  function here() {
    return new Promise((resolve, reject) => {
      if (!navigator.geolocation) { reject(new Error("no position")); return; }
      navigator.geolocation.getCurrentPosition(
        (fix) => resolve({ lat: fix.coords.latitude, lon: fix.coords.longitude, accuracy: fix.coords.accuracy }),
        reject, { enableHighAccuracy: true, maximumAge: 30000, timeout: 15000 },
      );
    });
  }

  // A tap on the sketch chooses the nearest pipe in the form of the found pipe.
  function choosePipes() {
    const sketch = document.querySelector("svg.sketch"), select = document.querySelector("select[name='asset_id'][data-pipes]");
    if (!sketch || !select) return;
    const mark = () => sketch.querySelectorAll("polyline").forEach((line) => line.classList.toggle("chosen", line.dataset.pipe === select.value));
    select.addEventListener("change", mark);
    sketch.addEventListener("click", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(sketch.getScreenCTM().inverse());
      let best = null, least = 20;
      for (const line of sketch.querySelectorAll("polyline[data-pipe]")) {
        const away = distance(at, line.getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number)));
        if (away < least) { least = away; best = line.dataset.pipe; }
      }
      if (!best) return;
      if (![...select.options].some((one) => one.value === best)) select.add(new Option(best, best));
      select.value = best;
      const form = select.closest("details");
      if (form) form.open = true;
      mark();
    });
  }

  // Any other pipe by its number or road. Without a signal what was typed can be chosen as it is: the centre says if it has none such.
  function searchPipes(about, word) {
    const field = document.querySelector("[data-pipe-search]"), told = document.querySelector("[data-pipe-found]");
    const select = document.querySelector("select[name='asset_id'][data-pipes]");
    if (!field || !select) return;
    let timer = 0, asked = 0;
    const offer = (found) => {
      select.querySelectorAll("option[data-found]").forEach((one) => one.remove());
      for (const one of found) {
        if ([...select.options].some((old) => old.value === one.id)) continue;
        const option = new Option(one.text, one.id);
        option.dataset.found = "yes";
        select.add(option);
      }
      if (found.length) { select.value = found[0].id; select.dispatchEvent(new Event("change")); }
    };
    async function search() {
      const text = field.value.trim(), number = ++asked;
      if (!text) { told.textContent = ""; return; }
      let found = null;
      try {
        const response = await fetch(`/orders/${encodeURIComponent(about.order)}/pipes?q=${encodeURIComponent(text)}`, { cache: "no-store", credentials: "same-origin" });
        if (response.ok) found = (await response.json()).pipes;
      } catch { /* no signal */ }
      if (number !== asked) return;
      if (found === null) { offer([{ id: text, text }]); told.textContent = word("search_offline"); return; }
      offer(found);
      told.textContent = found.length ? found.map((one) => one.text).slice(0, 3).join("; ") + (found.length > 3 ? ` … (${found.length})` : "") : word("search_none");
    }
    field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 400); });
  }

  function distance(at, points) {
    let least = Infinity;
    for (let n = 1; n < points.length; n++) {
      const [[ax, ay], [bx, by]] = [points[n - 1], points[n]], dx = bx - ax, dy = by - ay;
      const along = dx || dy ? Math.max(0, Math.min(1, ((at.x - ax) * dx + (at.y - ay) * dy) / (dx * dx + dy * dy))) : 0;
      least = Math.min(least, Math.hypot(at.x - ax - along * dx, at.y - ay - along * dy));
    }
    return least;
  }

  // The position: only while on duty, only after the crew has allowed it here, each fix with its own time.
  function share(about, word, post) {
    const line = document.getElementById("position"), button = document.getElementById("share"), key = `share ${about.crew}`;
    let watch = null, last = null, sentAt = 0, state = "";
    const show = () => {
      if (!line) return;
      if (about.duty !== "on_duty") { line.textContent = ""; return; }
      const age = last ? Math.max(0, Math.round((Date.now() - last.timestamp) / 1000)) : 0;
      const of = last ? ` · ${age < 120 ? `${age} s` : `${Math.round(age / 60)} min`} · ±${Math.round(last.coords.accuracy)} m` : "";
      line.textContent = word(state || "position_off") + of;
    };
    const stop = () => { if (watch !== null) navigator.geolocation.clearWatch(watch); watch = null; last = null; };
    async function send() {
      if (!last || Date.now() - sentAt < EVERY_MS) return;
      sentAt = Date.now();
      const { latitude, longitude, accuracy, speed, heading } = last.coords;
      try {
        const response = await post("/positions", { lat: latitude, lon: longitude, t: last.timestamp, accuracy, speed, heading });
        if (response.status === 409) { state = "position_off_duty"; stop(); }
        else state = response.ok ? "position_shared" : "position_refused";
      } catch {
        state = "position_waits"; // the next fix goes out with its own time
      }
      show();
    }
    function begin() {
      if (watch !== null || about.duty !== "on_duty" || !navigator.geolocation) return;
      state = "position_searching";
      show();
      watch = navigator.geolocation.watchPosition(
        (fix) => { if (!last || fix.timestamp > last.timestamp) { last = fix; send(); } show(); },
        (fault) => { state = fault.code === 1 ? "position_denied" : "position_none"; if (fault.code === 1) stop(); show(); },
        { enableHighAccuracy: true, maximumAge: 0 },
      );
    }
    if (button) {
      const mark = () => {
        button.hidden = about.duty !== "on_duty";
        button.textContent = word(localStorage.getItem(key) ? "share_stop" : "share_begin");
      };
      button.addEventListener("click", () => {
        if (localStorage.getItem(key)) { localStorage.removeItem(key); stop(); state = ""; }
        else { localStorage.setItem(key, "yes"); begin(); }
        mark();
        show();
      });
      mark();
    }
    if (localStorage.getItem(key)) begin();
    show();
    setInterval(() => { send(); show(); }, 5000);
  }

  return { filled, clear, here, shrunk, choosePipes, searchPipes, share };
})();
