/* The map of a case with its time slider: draws what was known at the chosen moment. Loads nothing; writes text only as text. */
function quanmaiCase(map, data) {
  "use strict";
  var step = data.step, words = data.words, colours = data.colours;
  var canvas = L.canvas({ padding: 0.2 });

  function decode(text) {
    var points = [], y = 0, x = 0, i = 0;
    function next() {
      var value = 0, shift = 0, bits;
      do { bits = text.charCodeAt(i++) - 63; value |= (bits & 31) << shift; shift += 5; } while (bits >= 32);
      return (value & 1) ? ~(value >> 1) : (value >> 1);
    }
    while (i < text.length) { y += next(); x += next(); points.push([y * step, x * step]); }
    return points;
  }
  function words_of(text) { var span = document.createElement("span"); span.textContent = text; return span; }
  function group(name, shown) {
    var layer = L.layerGroup();
    if (shown !== false) { layer.addTo(map); }
    overlays[safe(words[name])] = layer;
    return layer;
  }
  function safe(text) { return words_of(text).innerHTML; }

  var overlays = {};
  var ground = group("roads"), network = group("network"), customers = group("customers"), dry = group("dry"), zone = group("zone");
  var candidates = group("candidates"), burst = group("burst"), stations = group("stations"), valves = group("valves"), crews = group("crews");

  data.water.forEach(function (ring) {
    L.polygon(ring.map(decode), { renderer: canvas, stroke: false, fillColor: colours.water, fillOpacity: 1, interactive: false }).addTo(ground);
  });
  if (data.roads.length) {
    L.polyline(data.roads.map(decode), { renderer: canvas, color: colours.road, weight: 2, interactive: false }).addTo(ground);
  }
  data.communities.forEach(function (item) {
    var area = L.polygon(item.rings.map(decode), { color: colours[item.kind], weight: 2, fillColor: colours[item.kind], fillOpacity: 0.3 });
    area.bindTooltip(words_of(item.name), { sticky: true });
    area.addTo(zone);
  });
  data.network.forEach(function (item) {
    L.polyline(item.lines.map(decode), { renderer: canvas, color: item.colour, weight: item.weight, interactive: false, smoothFactor: 1.5 })
      .addTo(network);
  });
  var lines = {};
  Object.keys(data.lines).forEach(function (id) { lines[id] = decode(data.lines[id]); });

  function strokes(layer, ids, style, tip) {
    layer.clearLayers();
    ids.forEach(function (item) {
      var id = item[0];
      if (!lines[id]) { return; }
      var line = L.polyline(lines[id], style(item));
      line.bindTooltip(words_of(tip(item)), { sticky: true });
      line.addTo(layer);
    });
  }

  var stationMarks = data.stations.map(function (item) {
    var mark = L.circleMarker(item.at, { renderer: canvas, radius: 4, color: "#fff", weight: 1, fillColor: colours.stations, fillOpacity: 1 });
    mark.bindTooltip(words_of(item.name), { sticky: true });
    mark.addTo(stations);
    return mark;
  });
  var crewMarks = data.crews.map(function (item) {
    var fixes = item.places.map(function (place) { // points, no line: nothing is known of the way between two of them
      return L.circleMarker(place, { renderer: canvas, radius: 3, stroke: false, fillColor: colours.crew, fillOpacity: 0, interactive: false }).addTo(crews);
    });
    var icon = L.divIcon({ className: "qm-crew", html: words_of(item.name).outerHTML, iconSize: null });
    var mark = L.marker(item.places.length ? item.places[0] : item.base, { icon: icon, keyboard: false }).addTo(crews);
    return { fixes: fixes, mark: mark };
  });

  function last(times, at) {
    var low = 0, high = times.length;
    while (low < high) { var middle = (low + high) >> 1; if (times[middle] <= at) { low = middle + 1; } else { high = middle; } }
    return low - 1;
  }

  var frameTimes = data.frames.map(function (frame) { return frame.t; });
  var shown = -2;
  function showFrame(number) {
    if (number === shown) { return; }
    shown = number;
    var frame = number < 0 ? { candidates: [], zone: [], dry: [], burst: [], valves: [], customers: [], facts: [] } : data.frames[number];
    var most = frame.candidates.reduce(function (best, item) { return Math.max(best, item[1]); }, 0) || 1;
    function fixed(colour, weight) { return function () { return { color: colour, weight: weight, opacity: 0.9 }; }; }
    function own(item) { return item[0]; }
    strokes(zone, frame.zone, fixed(colours.zone, 6), own);
    if (data.communities.length) { shown = number; }
    strokes(dry, frame.dry, fixed(colours.dry_pocket, 6), own);
    strokes(candidates, frame.candidates, function (item) {
      return { color: colours.candidates, weight: 9, opacity: 0.25 + 0.65 * item[1] / most };
    }, function (item) { return item[0] + " · " + (100 * item[1]).toFixed(1) + " %"; });
    strokes(burst, frame.burst, fixed(colours.burst, 4), own);
    customers.clearLayers();
    frame.customers.forEach(function (number) {
      var item = data.customers[number];
      var mark = L.circleMarker(item.at, { renderer: canvas, radius: item.critical ? 8 : 3, color: "#fff", weight: 1,
        fillColor: item.critical ? colours.critical : colours.customers, fillOpacity: 0.9 });
      if (item.name) { mark.bindTooltip(words_of(item.name), { sticky: true }); }
      mark.addTo(customers);
    });
    valves.clearLayers();
    frame.valves.forEach(function (item) {
      var disc = document.createElement("div");
      disc.className = "qm-valve qm-" + item.state;
      disc.textContent = item.order || "";
      var mark = L.marker(item.at, { icon: L.divIcon({ className: "", html: disc.outerHTML, iconSize: [24, 24], iconAnchor: [12, 12] }) });
      mark.bindTooltip(words_of(item.id + " · " + words["valve_" + item.state]));
      mark.addTo(valves);
    });
    var facts = document.getElementById("qm-facts");
    if (facts) {
      facts.textContent = "";
      frame.facts.forEach(function (pair) {
        var line = document.createElement("div"), label = document.createElement("span"), value = document.createElement("b");
        label.textContent = pair[0] + " ";
        value.textContent = pair[1];
        line.appendChild(label);
        line.appendChild(value);
        facts.appendChild(line);
      });
    }
  }

  function showMoving(at) {
    data.stations.forEach(function (item, number) {
      var abnormal = item.from !== null && at >= item.from;
      stationMarks[number].setStyle({ fillColor: abnormal ? colours.abnormal : colours.stations });
      stationMarks[number].setRadius(abnormal ? 7 : 4);
      if (item.times) {
        var reading = last(item.times, at);
        if (reading >= 0) { stationMarks[number].setTooltipContent(words_of(item.name + " · " + item.values[reading])); }
      }
    });
    data.crews.forEach(function (item, number) {
      var place = last(item.times, at);
      crewMarks[number].fixes.forEach(function (fix, index) { fix.setStyle({ fillOpacity: index <= place ? 0.65 : 0 }); });
      crewMarks[number].mark.setLatLng(place >= 0 ? item.places[place] : item.base);
      crewMarks[number].mark.setOpacity(place >= 0 ? 1 : 0.45);
    });
  }

  var slider = document.getElementById("qm-slider"), clock = document.getElementById("qm-clock"), play = document.getElementById("qm-play");
  var speed = document.getElementById("qm-speed"), now = data.start, timer = null, before = 0;
  function pad(number) { return (number < 10 ? "0" : "") + number; }
  function local(at) {
    var day = new Date(at + data.offset);
    return day.getUTCFullYear() + "-" + pad(day.getUTCMonth() + 1) + "-" + pad(day.getUTCDate()) + " " +
      pad(day.getUTCHours()) + ":" + pad(day.getUTCMinutes()) + ":" + pad(day.getUTCSeconds());
  }
  function since(at) {
    var seconds = Math.floor(Math.abs(at - data.first) / 1000), hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
    return "T" + (at < data.first ? "−" : "+") + (hours ? hours + ":" : "") + pad(minutes) + ":" + pad(seconds % 60);
  }
  function go(at) {
    now = Math.min(Math.max(at, data.since), data.until);
    if (slider) { slider.value = String(now - data.since); }
    if (clock) { clock.textContent = local(now) + " · " + since(now); }
    if (!data.communities.length) { showFrame(last(frameTimes, now)); }
    showMoving(now);
    Array.prototype.forEach.call(document.querySelectorAll("tr[data-at]"), function (row) {
      row.classList.toggle("qm-past", Number(row.getAttribute("data-at")) <= now);
    });
  }
  function tick(stamp) {
    if (timer === null) { return; }
    if (before) { go(now + (stamp - before) * Number(speed ? speed.value : 60)); }
    before = stamp;
    if (now >= data.until) { stop(); return; }
    timer = window.requestAnimationFrame(tick);
  }
  function stop() { if (timer !== null) { window.cancelAnimationFrame(timer); } timer = null; before = 0; if (play) { play.textContent = words.play; } }
  function start() { timer = window.requestAnimationFrame(tick); if (play) { play.textContent = words.pause; } }
  function on(id, deed) { var element = document.getElementById(id); if (element) { element.addEventListener("click", deed); } }
  if (slider) {
    slider.max = String(data.until - data.since);
    slider.addEventListener("input", function () { stop(); go(data.since + Number(slider.value)); });
  }
  on("qm-play", function () { if (timer === null) { if (now >= data.until) { go(data.since); } start(); } else { stop(); } });
  on("qm-next", function () { var number = last(data.events, now); if (number + 1 < data.events.length) { stop(); go(data.events[number + 1]); } });
  on("qm-previous", function () { var number = last(data.events, now - 1); if (number >= 0) { stop(); go(data.events[number]); } });
  Array.prototype.forEach.call(document.querySelectorAll("tr[data-at]"), function (row) {
    row.tabIndex = 0;
    row.addEventListener("click", function () { stop(); go(Number(row.getAttribute("data-at"))); });
    row.addEventListener("keydown", function (event) { if (event.key === "Enter") { stop(); go(Number(row.getAttribute("data-at"))); } });
  });

  L.control.layers(null, overlays, { collapsed: true }).addTo(map);
  map.fitBounds(data.view, { padding: [30, 30], animate: false });
  go(data.start);
  window.addEventListener("beforeprint", stop);
}
