/* The page's map: cells painted on a canvas from numbers, sites as buttons, popups of plain nodes.
   Texts from data reach the page through textContent alone. */
(function () {
  "use strict";
  const holder = document.getElementById("map-data");
  const figure = document.getElementById("map-figure");
  if (!holder || !figure || !window.L) return;
  const data = JSON.parse(holder.textContent);
  const words = data.words, tierCount = data.tiers.length;
  const live = figure.querySelector(".map-live");
  const canvasBox = document.getElementById("map-canvas");
  const INK = "#1d1d1b", SHAPES = [
    ["circle", { cx: 12, cy: 12, r: 8.5 }],
    ["rect", { x: 3, y: 3, width: 18, height: 18, rx: 2 }],
    ["path", { d: "M12 0.5 23.5 12 12 23.5 0.5 12Z" }],
    ["path", { d: "M12 0.5 22.5 6.5V17.5L12 23.5 1.5 17.5V6.5Z" }],
  ];
  const TIME = "time", CHANGE = "change", NONE = -1, SAME = 1;
  let tier = data.firstTier, view = 0;
  const wanted = {};

  /* ---- small things ---- */
  function el(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const key in attributes) {
      if (key === "class") made.className = attributes[key];
      else made.setAttribute(key, attributes[key]);
    }
    made.append(...children);
    return made;
  }
  function drawn(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    made.append(...children);
    return made;
  }
  function spoken(text, language) {
    /* a name, isolated from the direction of what is around it, in its own language */
    const made = el("bdi", {}, text);
    if (language) made.lang = language;
    return made;
  }
  function filled(sentence, values) {
    return sentence.replace(/\{(\w+)\}/g, function (all, key) {
      return key in values ? values[key] : all;
    });
  }
  function number(value) {
    return value.toLocaleString(data.locale);
  }
  function summed(list) {
    const found = new Int32Array(list.length);
    let sum = 0;
    for (let at = 0; at < list.length; at++) found[at] = sum += list[at];
    return found;
  }
  const announce = (function () {
    const box = document.getElementById("map-status");
    return function (text) {
      box.textContent = box.textContent === text ? text + "\u00a0" : text;
    };
  })();

  /* ---- places: units of 1/256 of Web Mercator's world, as in Leaflet's zoom 0 ---- */
  function worldX(lon) {
    return (lon + 180) / 360 * 256;
  }
  function worldY(lat) {
    const sin = Math.sin(lat * Math.PI / 180);
    return 128 - 64 / Math.PI * Math.log((1 + sin) / (1 - sin));
  }
  function latLng(x, y) {
    const lat = Math.atan(Math.sinh((128 - y) * Math.PI / 128)) * 180 / Math.PI;
    return L.latLng(lat, x / 256 * 360 - 180);
  }
  const LONGEST = 1000;
  function pathsOf(lines, whole) {
    /* each line as x, y, x, y ..., with its box; unless whole, long ones in parts */
    const found = [];
    for (const steps of lines) {
      const line = new Float64Array(steps.length);
      let lon = 0, lat = 0;
      for (let at = 0; at < steps.length; at += 2) {
        lon += steps[at];
        lat += steps[at + 1];
        line[at] = worldX(lon / 1e4);
        line[at + 1] = worldY(lat / 1e4);
      }
      const size = whole ? line.length : LONGEST, parts = [];
      for (let from = 0; from < line.length - 2; from += size) {
        parts.push(boxed(line.subarray(from, Math.min(from + size + 2, line.length))));
      }
      found.push(parts);
    }
    return found;
  }
  function boxed(line) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let at = 0; at < line.length; at += 2) {
      box[0] = Math.min(box[0], line[at]);
      box[1] = Math.min(box[1], line[at + 1]);
      box[2] = Math.max(box[2], line[at]);
      box[3] = Math.max(box[3], line[at + 1]);
    }
    return { line: line, box: box };
  }

  /* ---- cells ---- */
  const cells = data.cells, count = cells.count;
  const corners = cells.place.corners ? cornersFromSteps() : cornersFromLattice();
  const outlines = (cells.place.outlines || []).map(function (rings) { return rings.map(ringFrom); });
  const sides = new Float64Array(count);
  for (let cell = 0; cell < count; cell++) {
    const at = cell * 8;
    sides[cell] = Math.max(Math.hypot(corners[at + 2] - corners[at], corners[at + 3] - corners[at + 1]),
      Math.hypot(corners[at + 4] - corners[at + 2], corners[at + 5] - corners[at + 3]));
  }
  const usualSide = count ? sides.slice().sort()[Math.floor(count / 2)] : 0;
  const time = cells.time.map(summed), nearest = cells.site.map(summed);
  const townOf = summed(data.town);
  const changes = cells.options.map(function (tiers) {
    return tiers.map(function (one) {
      const rows = summed(one.cell), place = new Map();
      rows.forEach(function (cell, at) { place.set(cell, at); });
      return { rows: rows, place: place, time: one.time, site: one.site, change: one.change };
    });
  });
  const statusOf = new Map();
  summed(cells.status.cell).forEach(function (cell, at) {
    statusOf.set(cell, cells.status.words[cells.status.word[at]]);
  });

  function cornersFromLattice() {
    /* a row's polynomial in the column first, then its corners */
    const place = cells.place, n = place.degree + 1, at = summed(place.at);
    const found = new Float64Array(count * 8);
    const upper = new Float64Array(2 * n), lower = new Float64Array(2 * n);
    function ofRow(row, into) {
      const v = 2 * row / place.rows - 1;
      for (let k = 0; k < n; k++) {
        let x = 0, y = 0;
        for (let power = n - 1; power >= 0; power--) {
          x = x * v + place.x[power * n + k];
          y = y * v + place.y[power * n + k];
        }
        into[k] = x;
        into[n + k] = y;
      }
    }
    function put(from, coefficients, column, to) {
      const u = 2 * column / place.columns - 1;
      let x = 0, y = 0;
      for (let k = n - 1; k >= 0; k--) {
        x = x * u + coefficients[k];
        y = y * u + coefficients[n + k];
      }
      found[from + to] = x;
      found[from + to + 1] = y;
    }
    let known = -1;
    for (let cell = 0; cell < count; cell++) {
      const row = Math.floor(at[cell] / place.columns), column = at[cell] % place.columns;
      if (row !== known) {
        ofRow(row, lower);
        ofRow(row + 1, upper);
        known = row;
      }
      put(cell * 8, lower, column, 0);
      put(cell * 8, lower, column + 1, 2);
      put(cell * 8, upper, column + 1, 4);
      put(cell * 8, upper, column, 6);
    }
    return found;
  }
  function cornersFromSteps() {
    const steps = cells.place.corners, row = [0, 0, 0, 0, 0, 0, 0, 0];
    const found = new Float64Array(count * 8);
    for (let cell = 0; cell < count; cell++) {
      let lon = 0, lat = 0;
      for (let k = 0; k < 8; k++) row[k] += steps[cell * 8 + k];
      for (let k = 0; k < 8; k += 2) {
        lon += row[k];
        lat += row[k + 1];
        found[cell * 8 + k] = worldX(lon / 1e5);
        found[cell * 8 + k + 1] = worldY(lat / 1e5);
      }
    }
    return found;
  }
  function ringFrom(steps) {
    const ring = new Float64Array(steps.length);
    let lon = 0, lat = 0;
    for (let at = 0; at < steps.length; at += 2) {
      lon += steps[at];
      lat += steps[at + 1];
      ring[at] = worldX(lon / 1e5);
      ring[at + 1] = worldY(lat / 1e5);
    }
    return ring;
  }
  function ringsOf(cell) {
    /* of a cell that is no square its rings, see compact.cell_places */
    const rings = outlines[cell];
    return rings && rings.length ? rings : [corners.subarray(cell * 8, cell * 8 + 8)];
  }
  function shownOption() {
    return data.views[view][1];
  }
  function fate(cell, ofTier, option) {
    /* time in ticks, site, and whether the option changes them */
    if (option > 0) {
      const change = changes[option - 1][ofTier], at = change.place.get(cell);
      if (at !== undefined) return { time: change.time[at], site: change.site[at], changed: true };
    }
    return { time: time[ofTier][cell], site: nearest[ofTier][cell], changed: false };
  }
  function timeClass(ticks) {
    if (ticks === NONE) return data.bands.length + 1;
    const minutes = ticks * cells.tick / 60;
    let at = 0;
    while (at < data.bands.length && minutes > data.bands[at]) at++;
    return at;
  }
  const knownClasses = new Map();
  function classesNow() {
    const key = view * tierCount + tier;
    if (!knownClasses.has(key)) knownClasses.set(key, classify(data.views[view]));
    return knownClasses.get(key);
  }
  function classify(shown) {
    const found = new Uint8Array(count), option = shown[1];
    if (shown[0] === CHANGE) {
      const noWay = data.classes[CHANGE].length - 1;
      for (let cell = 0; cell < count; cell++) {
        found[cell] = time[tier][cell] === NONE ? noWay : SAME;
      }
      const change = changes[option - 1][tier];
      change.rows.forEach(function (cell, at) { found[cell] = change.change[at]; });
      return found;
    }
    for (let cell = 0; cell < count; cell++) found[cell] = timeClass(time[tier][cell]);
    if (option > 0) {
      const change = changes[option - 1][tier];
      change.rows.forEach(function (cell, at) { found[cell] = timeClass(change.time[at]); });
    }
    return found;
  }
  function cellAt(x, y, reach) {
    /* the cell at a place, or the nearest within reach */
    let found = NONE, best = reach;
    for (let cell = 0; cell < count; cell++) {
      const from = cell * 8;
      const dx = (corners[from] + corners[from + 4]) / 2 - x;
      const dy = (corners[from + 1] + corners[from + 5]) / 2 - y;
      const half = Math.hypot(corners[from] - corners[from + 4],
        corners[from + 1] - corners[from + 5]) / 2;
      const away = Math.hypot(dx, dy);
      if (away > half && away > best) continue;
      if (holds(cell, x, y)) return cell;
      if (away < best) {
        best = away;
        found = cell;
      }
    }
    return found;
  }
  function holds(cell, x, y) {
    let within = false;
    for (const ring of ringsOf(cell)) {
      for (let k = 0; k < ring.length; k += 2) {
        const n = (k + 2) % ring.length;
        const ax = ring[k], ay = ring[k + 1], bx = ring[n], by = ring[n + 1];
        if ((ay > y) !== (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax)) within = !within;
      }
    }
    return within;
  }

  /* ---- the map ---- */
  live.hidden = false;
  figure.classList.add("map-is-live");
  const map = L.map(canvasBox, {
    attributionControl: false, zoomControl: false, keyboard: false, scrollWheelZoom: false,
    zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false,
    zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 120, closePopupOnClick: false,
    boxZoom: false, doubleClickZoom: false, trackResize: true,
  });
  const STILL = { animate: false };
  function home() {
    map.fitBounds(data.bounds, { padding: [10, 10], animate: false });
  }
  home();
  map.setMinZoom(Math.floor(map.getZoom()) - 1);
  map.setMaxZoom(16);
  map.setMaxBounds(L.latLngBounds(data.bounds).pad(0.8));
  L.control.scale({ imperial: false }).addTo(map);
  /* the wheel scrolls the page until the map has focus */
  canvasBox.addEventListener("focusin", function () { map.scrollWheelZoom.enable(); });
  canvasBox.addEventListener("focusout", function () { map.scrollWheelZoom.disable(); });

  /* ---- painting: in slices, so that nothing waits long; a newer view ends an older one ----
     A painter yields the points that it has drawn: browsers draw them only when a slice ends, so
     its own clock tells too little. */
  const SLICE_MS = 30, SLICE_POINTS = 8000;
  const Canvas = L.Layer.extend({
    initialize: function (pane, paint, done) {
      this._at = pane;
      this._paint = paint;
      this._asked = false;
      this._done = done || function () {};
      this._turn = 0;
    },
    onAdd: function () {
      this._canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide", map.getPane(this._at));
      this._canvas.setAttribute("aria-hidden", "true");
      map.on("moveend resize", this.ask, this);
      this.ask();
    },
    ask: function () {
      if (this._asked) return;
      this._asked = true;
      requestAnimationFrame(this.redraw.bind(this));
    },
    redraw: function () {
      this._asked = false;
      const size = map.getSize(), ratio = window.devicePixelRatio || 1;
      if (!size.x || !size.y) return; /* not shown, as in print */
      const margin = size.multiplyBy(0.15).round(), full = size.add(margin.multiplyBy(2));
      const corner = map.containerPointToLayerPoint(margin.multiplyBy(-1)).round();
      const canvas = this._canvas;
      canvas.width = Math.round(full.x * ratio);
      canvas.height = Math.round(full.y * ratio);
      canvas.style.width = full.x + "px";
      canvas.style.height = full.y + "px";
      L.DomUtil.setPosition(canvas, corner);
      const origin = map.getPixelOrigin().add(corner);
      const job = this._paint({
        context: canvas.getContext("2d"), ratio: ratio,
        scale: map.getZoomScale(map.getZoom(), 0) * ratio,
        x: origin.x * ratio, y: origin.y * ratio, width: canvas.width, height: canvas.height,
      });
      const turn = ++this._turn, layer = this;
      (function slice() {
        const start = performance.now();
        let points = 0;
        while (turn === layer._turn) {
          const step = job.next();
          if (step.done) return layer._done();
          points += step.value;
          if (points > SLICE_POINTS || performance.now() - start > SLICE_MS) {
            return requestAnimationFrame(slice);
          }
        }
      })();
    },
  });
  function pane(name, order) {
    const made = map.createPane(name);
    made.style.zIndex = order;
    made.style.pointerEvents = "none";
  }
  pane("ground", 220);
  pane("names", 640);

  function trace(on, one) {
    /* puts a line on the path, leaving out points that lie within a pixel of the last; tells how
       many points it has put there */
    const line = one.line, box = one.box, scale = on.scale, context = on.context;
    if (box[2] * scale < on.x || box[0] * scale > on.x + on.width) return 0;
    if (box[3] * scale < on.y || box[1] * scale > on.y + on.height) return 0;
    const least = 1.2 * on.ratio;
    if ((box[2] - box[0]) * scale < least && (box[3] - box[1]) * scale < least) return 0;
    let lastX = line[0] * scale - on.x, lastY = line[1] * scale - on.y, put = 1;
    context.moveTo(lastX, lastY);
    for (let at = 2; at < line.length; at += 2) {
      const x = line[at] * scale - on.x, y = line[at + 1] * scale - on.y;
      if (at < line.length - 2 && Math.abs(x - lastX) + Math.abs(y - lastY) < least) continue;
      context.lineTo(x, y);
      lastX = x;
      lastY = y;
      put += 1;
    }
    return put;
  }
  const POINTS = 1500;
  function* stroke(on, lines, colour, width) {
    const context = on.context;
    let put = 0;
    function begin() {
      context.strokeStyle = colour;
      context.lineWidth = width * on.ratio;
      context.lineJoin = "round";
      context.beginPath();
      put = 0;
    }
    begin();
    for (const parts of lines) {
      for (const one of parts) {
        put += trace(on, one);
        if (put < POINTS) continue;
        context.stroke();
        yield put;
        begin();
      }
    }
    context.stroke();
    yield put;
  }
  const land = pathsOf(data.land, true), borders = pathsOf(data.borders);
  const roads = pathsOf(data.roads), outlineLines = pathsOf(data.outlines.lines);
  function* paintGround(on) {
    const context = on.context;
    context.fillStyle = "#f1efea";
    context.beginPath();
    for (const parts of land) parts.forEach(function (one) { trace(on, one); });
    context.fill("evenodd");
    yield* paintCells(on);
    if (wanted.roads) {
      yield* stroke(on, roads, "rgba(255,255,255,.8)", 2.4);
      yield* stroke(on, roads, "#77736a", 0.9);
    }
    if (wanted.borders) yield* stroke(on, borders, "rgba(70,70,66,.8)", 1);
    if (wanted.outlines) yield* paintOutlines(on);
  }

  function* paintCells(on) {
    const kinds = data.classes[data.views[view][0]], classOf = classesNow(), scale = on.scale;
    const shown = [];
    for (let cell = 0; cell < count; cell++) {
      const x = corners[cell * 8] * scale - on.x, y = corners[cell * 8 + 1] * scale - on.y;
      const reach = 3 * sides[cell] * scale + 2;
      if (x > -reach && y > -reach && x < on.width + reach && y < on.height + reach) {
        shown.push(cell);
      }
    }
    /* cells too small to see are dots, the larger the fewer they are */
    const room = Math.sqrt(0.05 * on.width * on.height / (shown.length + 1));
    const least = Math.min(3 * on.ratio, Math.max(1, room));
    const small = [], large = [];
    let narrowest = Infinity;
    for (const cell of shown) {
      const side = Math.max(least, sides[cell] * scale);
      (side < 4.5 * on.ratio ? small : large).push(cell);
      if (side >= 4.5 * on.ratio) narrowest = Math.min(narrowest, side);
    }
    if (small.length) paintDots(on, kinds, classOf, small, least);
    if (large.length) yield* paintSquares(on, kinds, classOf, large, narrowest);
    yield 0;
  }
  function packed(colour) {
    const part = [1, 3, 5].map(function (at) { return parseInt(colour.slice(at, at + 2), 16); });
    return (255 << 24 | part[2] << 16 | part[1] << 8 | part[0]) >>> 0;
  }
  const dots = document.createElement("canvas");
  function paintDots(on, kinds, classOf, shown, least) {
    /* straight into pixels, then over the land; the hatched have dark pixels, the open an edge */
    const width = on.width, height = on.height, dark = packed("#3a3a3a");
    const colours = kinds.map(function (kind) { return packed(kind[1]); });
    const fills = kinds.map(function (kind) { return kind[2]; });
    const picture = new ImageData(width, height);
    const pixels = new Uint32Array(picture.data.buffer);
    for (const cell of shown) {
      const kind = classOf[cell], fill = fills[kind];
      const wide = Math.max(least, sides[cell] * on.scale);
      const side = Math.max(fill === "open" ? 3 : 1, Math.round(wide));
      const x = (corners[cell * 8] + corners[cell * 8 + 4]) / 2 * on.scale - on.x;
      const y = (corners[cell * 8 + 1] + corners[cell * 8 + 5]) / 2 * on.scale - on.y;
      const left = Math.round(x - side / 2), top = Math.round(y - side / 2);
      for (let row = Math.max(top, 0); row < Math.min(top + side, height); row++) {
        for (let column = Math.max(left, 0); column < Math.min(left + side, width); column++) {
          let colour = colours[kind];
          if (fill === "hatched" && (row + column) % 3 === 0) colour = dark;
          if (fill === "open" && (row === top || column === left || row === top + side - 1 ||
            column === left + side - 1)) colour = dark;
          pixels[row * width + column] = colour;
        }
      }
    }
    dots.width = width;
    dots.height = height;
    dots.getContext("2d").putImageData(picture, 0, 0);
    on.context.drawImage(dots, 0, 0);
  }
  function hatch(context, colour, ratio) {
    const tile = document.createElement("canvas"), side = Math.round(6 * ratio);
    tile.width = tile.height = side;
    const brush = tile.getContext("2d");
    brush.fillStyle = colour;
    brush.fillRect(0, 0, side, side);
    brush.strokeStyle = "#3a3a3a";
    brush.lineWidth = 1.2 * ratio;
    brush.beginPath();
    for (const shift of [-side, 0, side]) {
      brush.moveTo(shift - 1, side + 1);
      brush.lineTo(shift + side + 1, -1);
    }
    brush.stroke();
    return context.createPattern(tile, "repeat");
  }
  function* paintSquares(on, kinds, classOf, shown, cellWidth) {
    const context = on.context, scale = on.scale, wide = cellWidth > 10 * on.ratio;
    const buckets = kinds.map(function () { return []; });
    for (const cell of shown) buckets[classOf[cell]].push(cell);
    for (let at = 0; at < kinds.length; at++) {
      const bucket = buckets[at], plain = kinds[at][2] === "plain";
      context.fillStyle = kinds[at][2] === "hatched" ? hatch(context, kinds[at][1], on.ratio)
        : kinds[at][1];
      context.strokeStyle = !plain ? "#4a4a4a" : wide ? "rgba(40,40,36,.4)" : kinds[at][1];
      context.lineWidth = on.ratio * (!plain ? (wide ? 1.3 : 0.8) : wide ? 0.8 : 0.4);
      for (let from = 0; from < bucket.length; from += 400) {
        context.beginPath();
        for (const cell of bucket.slice(from, from + 400)) {
          for (const ring of ringsOf(cell)) {
            context.moveTo(ring[0] * scale - on.x, ring[1] * scale - on.y);
            for (let k = 2; k < ring.length; k += 2) {
              context.lineTo(ring[k] * scale - on.x, ring[k + 1] * scale - on.y);
            }
            context.closePath();
          }
        }
        context.fill("evenodd");
        context.stroke();
        yield 8 * 400;
      }
    }
  }
  function shade(colour) {
    /* darker, so that light classes read as lines */
    const parts = [1, 3, 5].map(function (at) { return parseInt(colour.slice(at, at + 2), 16); });
    return "rgb(" + parts.map(function (part) { return Math.round(part * 0.55); }).join(",") + ")";
  }
  function* paintOutlines(on) {
    const context = on.context, labels = [];
    for (const band of data.outlines.options[shownOption()][tier]) {
      const lines = band[1].map(function (at) { return outlineLines[at]; });
      const colour = shade(data.classes[TIME][band[0]][1]);
      yield* stroke(on, lines, "rgba(255,255,255,.9)", 3.4);
      yield* stroke(on, lines, colour, 1.6);
      labels.push([band[0], lines, colour]);
    }
    context.font = "600 " + 12 * on.ratio + "px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "center";
    const taken = siteBoxes(on);
    for (const [band, lines, colour] of labels) {
      const text = filled(words.minutes, { minutes: number(data.bands[band]) });
      const place = labelPlace(on, lines, taken, context.measureText(text).width / 2 + 5 * on.ratio);
      if (!place) continue;
      taken.push(place.box);
      context.fillStyle = "#ffffff";
      context.strokeStyle = colour;
      context.lineWidth = on.ratio;
      context.beginPath();
      context.rect(place.box[0], place.box[1], place.box[2] - place.box[0],
        place.box[3] - place.box[1]);
      context.fill();
      context.stroke();
      context.fillStyle = INK;
      context.fillText(text, place.x, place.y);
    }
    context.textAlign = "start";
  }
  function labelPlace(on, lines, taken, half) {
    /* on the longest line in view, the first point with room */
    const tall = 9 * on.ratio, margin = on.width / 6;
    const longest = [].concat(...lines).filter(function (one) {
      return one.box[2] * on.scale > on.x && one.box[0] * on.scale < on.x + on.width &&
        one.box[3] * on.scale > on.y && one.box[1] * on.scale < on.y + on.height;
    }).sort(function (a, b) { return b.line.length - a.line.length; });
    for (const one of longest.slice(0, 12)) {
      const stride = Math.max(1, Math.floor(one.line.length / 2 / 40)) * 2;
      for (let at = 0; at < one.line.length; at += stride) {
        const x = one.line[at] * on.scale - on.x, y = one.line[at + 1] * on.scale - on.y;
        if (x < margin + half || y < on.height / 6 + tall) continue;
        if (x > on.width - margin - half || y > on.height * 5 / 6 - tall) continue;
        const box = [x - half, y - tall, x + half, y + tall];
        if (isFree(box, taken)) return { x: x, y: y, box: box };
      }
    }
    return null;
  }
  function siteBoxes(on) {
    const half = (small ? 6 : 12) * on.ratio;
    return sites.filter(function (site) { return site.shown; }).map(function (site) {
      const x = site.x * on.scale - on.x, y = site.y * on.scale - on.y;
      return [x - half, y - half, x + half, y + half];
    });
  }
  function isFree(box, taken) {
    return taken.every(function (one) {
      return box[0] >= one[2] || box[2] <= one[0] || box[1] >= one[3] || box[3] <= one[1];
    });
  }

  /* ---- names of settlements, as many as have room ---- */
  const FONT = "13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
  function* paintNames(on) {
    const context = on.context, ratio = on.ratio, taken = siteBoxes(on), named = [];
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 3.5 * ratio;
    context.strokeStyle = "rgba(255,255,255,.92)";
    context.fillStyle = INK;
    /* what closes is named first, and always */
    for (const site of sites) {
      if (!site.shown || !site.closed) continue;
      const px = site.x * on.scale - on.x, py = site.y * on.scale - on.y;
      context.font = "700 " + FONT.replace("13", 13 * ratio);
      const width = context.measureText(site.name).width, away = 22 * ratio;
      /* the canvas is wider than the window on it */
      const left = on.width * 0.15 / 1.3, right = on.width - left, tall = 10 * ratio;
      const middle = Math.min(Math.max(px - width / 2, left), right - width);
      const under = py + away + tall / 2, above = py - away - tall / 2;
      const ways = [[px + away, py], [px - away - width, py], [middle, under], [middle, above],
        [Math.min(px, right - width), under], [Math.max(px - width, left), under],
        [Math.min(px, right - width), above], [Math.max(px - width, left), above]].filter(function (way) {
        return way[0] >= left && way[0] + width <= right;
      });
      const [x, y] = ways.find(function (way) {
        return isFree([way[0], way[1] - tall, way[0] + width, way[1] + tall], taken);
      }) || ways[0] || [middle, py + away];
      named.push([x - 6 * ratio, y - 12 * ratio, x + width + 6 * ratio, y + 12 * ratio]);
      context.strokeText(site.name, x, y);
      context.fillText(site.name, x, y);
    }
    context.font = FONT.replace("13", 13 * ratio);
    if (!wanted.places) return;
    const most = Math.round(on.width * on.height / ratio / ratio / 45000);
    let met = 0;
    for (const place of places) {
      if (met >= most) break;
      const px = place.x * on.scale - on.x, py = place.y * on.scale - on.y;
      if (px < 0 || py < 0 || px > on.width || py > on.height) continue;
      met += 1;
      const width = context.measureText(place.name).width, r = ratio;
      const ways = [[14 * r, 0], [-14 * r - width, 0], [-width / 2, -18 * r], [-width / 2, 18 * r],
        [10 * r, -14 * r], [10 * r, 14 * r], [-10 * r - width, -14 * r],
        [-10 * r - width, 14 * r]].map(function (shift) {
        const x = px + shift[0], y = py + shift[1];
        return [x, y, [x - 6 * r, y - 12 * r, x + width + 6 * r, y + 12 * r]];
      });
      const way = ways.find(function (one) { return isFree(one[2], taken.concat(named)); }) ||
        (met <= 10 && ways.find(function (one) { return isFree(one[2], named); }));
      if (!way) continue;
      named.push(way[2]);
      context.strokeText(place.name, way[0], way[1]);
      context.fillText(place.name, way[0], way[1]);
      yield 0;
    }
  }
  const places = data.places.map(function (one) {
    return { x: worldX(one[0]), y: worldY(one[1]), name: one[2], language: one[3] };
  });

  /* ---- sites: one stop for the Tab key, arrow keys from one to the next ---- */
  let small = false;
  const sites = data.sites.map(function (one, at) {
    return {
      at: at, x: worldX(one[0]), y: worldY(one[1]), place: L.latLng(one[1], one[0]), name: one[2],
      home: [one[0], one[1]],
      id: one[3], town: one[4], external: one[5] === 1, options: one[6], marker: null,
      shown: false, closed: false, drawn: NONE,
    };
  });
  function mark(tierAt) {
    const kind = data.tiers[tierAt], shape = SHAPES[kind[2] % 4];
    const letter = drawn("text", { x: 12, y: 16.2, "text-anchor": "middle" });
    letter.textContent = kind[0];
    return drawn("svg", { viewBox: "0 0 24 24", class: "map-icon", "aria-hidden": "true" },
      drawn(shape[0], shape[1]), letter);
  }
  function siteState(site) {
    /* how a site stands in what is shown: its tier, and whether it closes or opens */
    const option = shownOption(), now = site.options[option][0], first = site.options[0][0];
    if (now !== NONE) return { tier: now, closed: false, opened: first === NONE, serves:
      site.options[option][1] };
    if (first !== NONE) return { tier: first, closed: true, opened: false, serves:
      site.options[0][1] };
    return null;
  }
  function namesItself(site) {
    /* as a site without a name may: its name ends with its id */
    return site.name === site.id || site.name.endsWith(" " + site.id);
  }
  function fullName(site) {
    return namesItself(site) ? site.name : site.name + " (" + site.id + ")";
  }
  function fatesOfSite(site, state) {
    const said = [];
    if (site.external) said.push(words.external.toLocaleLowerCase(data.locale));
    if (state.closed) said.push(words.closed);
    if (state.opened) said.push(words.opened);
    return said;
  }
  function placeSite(site) {
    const state = wanted.sites ? siteState(site) : null;
    const own = site.options[shownOption()];
    const at = own.length > 2 ? own.slice(2) : site.home;
    site.x = worldX(at[0]);
    site.y = worldY(at[1]);
    site.place = L.latLng(at[1], at[0]);
    if (site.marker) site.marker.setLatLng(site.place);
    site.shown = state !== null;
    site.closed = state !== null && state.closed;
    if (!state) {
      if (site.marker) site.marker.remove();
      site.drawn = NONE;
      return;
    }
    if (!site.marker) {
      site.marker = L.marker(site.place, {
        keyboard: false, autoPanOnFocus: false, riseOnHover: true,
        icon: L.divIcon({ className: "map-site", iconSize: [26, 26], html: el("span", {}) }),
      });
      site.marker.on("click", function () { openSite(site); });
    }
    if (!map.hasLayer(site.marker)) {
      site.marker.addTo(map);
      const made = site.marker.getElement();
      made.setAttribute("role", "button");
      made.tabIndex = -1;
      made.addEventListener("keydown", function (event) { siteKey(event, site); });
      made.addEventListener("focus", function () {
        tabStop(site);
        map.panInside(site.place, { padding: [60, 60], animate: false });
      });
    }
    const element = site.marker.getElement(), rank = data.tiers[state.tier][2];
    if (site.drawn !== state.tier) element.replaceChildren(mark(state.tier));
    site.drawn = state.tier;
    const label = [data.tiers[state.tier][0] + " " + fullName(site)]
      .concat(fatesOfSite(site, state)).join(", ");
    if (element.getAttribute("aria-label") !== label) element.setAttribute("aria-label", label);
    if (data.siteLanguage) element.lang = data.siteLanguage;
    const other = !state.serves.includes(tier) || site.external;
    element.classList.toggle("map-closed", state.closed);
    element.classList.toggle("map-opened", state.opened);
    element.classList.toggle("map-external", site.external);
    element.classList.toggle("map-other", other && !state.closed);
    element.classList.toggle("map-low", rank === 0);
    element.classList.toggle("map-high", rank > 1);
    site.marker.setZIndexOffset(10000 * rank - (other ? 5000 : 0) + (state.closed ? 90000 : 0));
  }
  let stop = 0;
  function tabStop(site) {
    const shown = sites.filter(function (one) { return one.shown; });
    if (!site.shown) site = shown[0];
    shown.forEach(function (one) { one.marker.getElement().tabIndex = one === site ? 0 : -1; });
    if (site) stop = site.at;
  }
  function siteKey(event, site) {
    const shown = sites.filter(function (one) { return one.shown; }), at = shown.indexOf(site);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1,
      Home: 0, End: shown.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") openSite(site);
    else if (to === undefined) return;
    else shown[(to + shown.length) % shown.length].marker.getElement().focus();
    event.preventDefault();
    event.stopPropagation();
  }
  function placeSites() {
    sites.forEach(placeSite);
    const current = sites[stop];
    if (current) tabStop(current);
    const key = figure.querySelector(".map-closed-key");
    if (key) key.hidden = !sites.some(function (site) { return site.closed; });
    crowd();
  }
  function crowd() {
    const size = map.getSize(), seen = map.getBounds();
    const shown = sites.filter(function (site) { return site.shown && seen.contains(site.place); });
    small = shown.length * 576 > 0.06 * size.x * size.y;
    canvasBox.classList.toggle("map-small", small);
  }
  map.on("moveend", crowd);

  /* ---- popups ---- */
  let popup = null, cameFrom = null;
  function minutesText(ticks) {
    return filled(words.minutes, { minutes: number(Math.ceil(ticks * cells.tick / 60)) });
  }
  function siteName(at) {
    const site = sites[at];
    if (namesItself(site)) return el("span", {}, spoken(site.name, data.siteLanguage));
    return el("span", {}, spoken(site.name, data.siteLanguage), " (", spoken(site.id), ")");
  }
  function fateText(known) {
    if (known.time === NONE || known.site === NONE) return [words.unreachable];
    return [el("b", {}, minutesText(known.time)), ", ", siteName(known.site)];
  }
  function fates(cell) {
    /* minutes and nearest site, for every tier and option */
    const list = el("dl", {});
    data.tiers.forEach(function (kind, ofTier) {
      list.append(el("dt", {}, spoken(kind[1], kind[3])));
      if (data.options.length === 1) {
        list.append(el("dd", {}, ...fateText(fate(cell, ofTier, 0))));
        return;
      }
      data.options.forEach(function (label, option) {
        const known = fate(cell, ofTier, option);
        const said = option && !known.changed ? [words.noChange] : fateText(known);
        const row = el("dd", { "data-option": option }, label + ": ", ...said);
        if (known.changed) row.className = "map-changed";
        list.append(row);
      });
    });
    return list;
  }
  function whoLives(cell) {
    const people = cells.people[cell];
    if (people === NONE) return words.fewer;
    return number(people) + " " + (people === 1 ? words.onePerson : words.people);
  }
  function cellNodes(cell) {
    const nodes = [fates(cell)];
    if (statusOf.has(cell)) nodes.push(el("p", {}, statusOf.get(cell)));
    return nodes;
  }
  function openCell(cell) {
    const from = cell * 8, title = [];
    const town = data.towns[townOf[cell]];
    if (town) title.push(spoken(town[0], town[1]), ", ");
    const who = whoLives(cell);
    title.push(town ? who.charAt(0).toLocaleLowerCase(data.locale) + who.slice(1) : who);
    openPopup(latLng((corners[from] + corners[from + 4]) / 2,
      (corners[from + 1] + corners[from + 5]) / 2), title, cellNodes(cell), [0, 2]);
  }
  function openSite(site) {
    const state = siteState(site) || { tier: site.options.find(function (one) {
      return one[0] !== NONE; })[0], closed: false, opened: false };
    const kind = data.tiers[state.tier], nodes = [el("p", {}, spoken(kind[1], kind[3]))];
    if (site.town) nodes.push(el("p", {}, spoken(site.town, data.siteLanguage)));
    fatesOfSite(site, state).forEach(function (said) {
      nodes.push(el("p", { class: "map-changed" }, said));
    });
    const cell = cellAt(site.x, site.y, 0);
    if (cell !== NONE) nodes.push(el("h4", {}, words.thisCell), ...cellNodes(cell));
    openPopup(site.place, [siteName(site.at)], nodes, [0, -10]);
  }
  function openPopup(place, title, nodes, offset) {
    const from = document.activeElement;
    closePopup(false);
    cameFrom = from && from !== document.body ? from : canvasBox;
    const close = el("button", { type: "button", class: "map-close", "aria-label": words.close },
      "\u00d7");
    const box = el("div", { role: "dialog", "aria-labelledby": "map-popup-title", tabindex: "-1",
      class: "map-popup" }, close, el("h3", { id: "map-popup-title" }, ...title), ...nodes);
    close.addEventListener("click", function () { closePopup(true); });
    popup = L.popup({
      closeButton: false, autoPan: false, closeOnClick: false, autoClose: false,
      closeOnEscapeKey: false, offset: offset, maxWidth: Math.min(320, map.getSize().x - 40),
      minWidth: Math.min(200, map.getSize().x - 60), maxHeight: Math.max(140, map.getSize().y - 50),
    }).setLatLng(place).setContent(box);
    popup.openOn(map);
    canvasBox.classList.add("map-has-popup");
    bringIn(popup.getElement());
    box.focus({ preventScroll: true });
  }
  function bringIn(element) {
    /* moves the map so that the popup is whole, without a glide */
    const inner = element.getBoundingClientRect(), outer = canvasBox.getBoundingClientRect();
    const room = 6;
    let dx = 0, dy = 0;
    if (inner.left < outer.left + room) dx = inner.left - outer.left - room;
    else if (inner.right > outer.right - room) dx = inner.right - outer.right + room;
    if (inner.top < outer.top + room) dy = inner.top - outer.top - room;
    else if (inner.bottom > outer.bottom - room) dy = inner.bottom - outer.bottom + room;
    if (dx || dy) map.panBy([dx, dy], STILL);
  }
  function closePopup(back) {
    if (!popup) return;
    const gone = popup, target = cameFrom;
    popup = null;
    cameFrom = null;
    map.removeLayer(gone);
    canvasBox.classList.remove("map-has-popup");
    if (back && target && target.isConnected) target.focus({ preventScroll: true });
  }
  figure.addEventListener("keydown", function (event) {
    if (event.key !== "Escape" || !popup) return;
    event.stopPropagation();
    closePopup(true);
  });
  map.on("click", function (event) {
    const reach = 5 / map.getZoomScale(map.getZoom(), 0);
    const cell = cellAt(worldX(event.latlng.lng), worldY(event.latlng.lat), reach);
    if (cell !== NONE) openCell(cell);
    else closePopup(true);
  });

  /* ---- the keyboard: arrows move, Enter opens what is under the cross ---- */
  canvasBox.append(el("div", { class: "map-cross", "aria-hidden": "true" }));
  function cellInMiddle() {
    const middle = map.containerPointToLatLng(map.getSize().divideBy(2));
    return cellAt(worldX(middle.lng), worldY(middle.lat), 0);
  }
  let waiting = 0;
  function sayMiddle() {
    clearTimeout(waiting);
    waiting = setTimeout(function () {
      if (document.activeElement !== canvasBox) return;
      const cell = cellInMiddle();
      if (cell === NONE) return announce(words.nothing);
      const known = fate(cell, tier, shownOption()), town = data.towns[townOf[cell]];
      const said = town ? [town[0]] : [];
      said.push(known.time === NONE ? words.unreachable : minutesText(known.time), whoLives(cell));
      announce(said.join(", "));
    }, 400);
  }
  canvasBox.addEventListener("keydown", function (event) {
    if (event.target !== canvasBox || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 10 : 70;
    const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step],
      ArrowDown: [0, step] }[event.key];
    if (move) map.panBy(move, STILL);
    else if (event.key === "+" || event.key === "=") map.zoomIn(0.5, STILL);
    else if (event.key === "-" || event.key === "\u2212") map.zoomOut(0.5, STILL);
    else if (event.key === "Enter" || event.key === " ") {
      const cell = cellInMiddle();
      if (cell === NONE) announce(words.nothing);
      else openCell(cell);
    } else return;
    event.preventDefault();
    if (event.key !== "Enter" && event.key !== " ") sayMiddle();
  });

  /* ---- buttons: for those who point but do not drag ---- */
  function buttons(position, className, rows) {
    const Control = L.Control.extend({
      onAdd: function () {
        const box = el("div", { class: "map-buttons " + className });
        rows.forEach(function (row) {
          const button = el("button", { type: "button", "aria-label": row[1], title: row[1],
            class: row[3] || "" }, row[0]);
          button.addEventListener("click", row[2]);
          box.append(button);
        });
        L.DomEvent.disableClickPropagation(box);
        return box;
      },
    });
    new Control({ position: position }).addTo(map);
  }
  function pan(x, y) {
    return function () {
      const size = map.getSize();
      map.panBy([x * size.x / 4, y * size.y / 4], STILL);
    };
  }
  buttons("topleft", "map-zoom", [
    ["+", words.zoomIn, function () { map.zoomIn(1, STILL); }],
    ["\u2212", words.zoomOut, function () { map.zoomOut(1, STILL); }],
    ["\u2302", words.home, home],
  ]);
  buttons("bottomright", "map-pan", [
    ["\u2191", words.up, pan(0, -1), "map-up"], ["\u2190", words.left, pan(-1, 0), "map-left"],
    ["\u2192", words.right, pan(1, 0), "map-right"], ["\u2193", words.down, pan(0, 1), "map-down"],
  ]);

  /* ---- the legend and the layers ---- */
  function swatch(kind) {
    const sample = el("span", { class: "map-swatch map-" + kind[2], "aria-hidden": "true" });
    sample.style.backgroundColor = kind[1];
    return sample;
  }
  function fillLegend() {
    const kinds = data.classes[data.views[view][0]], rows = data.legends[view][tier];
    document.getElementById("map-legend").replaceChildren(...kinds.map(function (kind, at) {
      return el("tr", {}, el("th", { scope: "row" }, swatch(kind), el("span", {}, kind[0])),
        el("td", {}, rows[at][0]), el("td", {}, rows[at][1]));
    }));
    document.getElementById("map-legend-caption").textContent = shownName();
    document.getElementById("map-legend-class").textContent =
      data.views[view][0] === CHANGE ? words.change : words.band;
  }
  function shownName() {
    const name = data.tiers[tier][1];
    return data.views.length > 1 ? name + " \u2013 " + data.views[view][2] : name;
  }
  function show(said) {
    fillLegend();
    placeSites();
    ground.ask();
    names.ask();
    if (said) announce(filled(words.shows, { what: shownName() }));
  }
  figure.querySelectorAll(".map-mark").forEach(function (place) {
    place.append(mark(Number(place.dataset.tier)));
  });
  live.querySelector("form").addEventListener("submit", function (event) {
    event.preventDefault();
  });
  figure.querySelectorAll(".map-controls input").forEach(function (input) {
    if (input.type === "checkbox") wanted[input.value] = input.checked;
    else if (input.checked && input.name === "map-tier") tier = Number(input.value);
    else if (input.checked && input.name === "map-view") view = Number(input.value);
    input.addEventListener("change", function () {
      closePopup(false);
      if (input.type === "checkbox") {
        wanted[input.value] = input.checked;
        show(false);
        return;
      }
      if (input.name === "map-tier") tier = Number(input.value);
      else view = Number(input.value);
      show(true);
    });
  });

  /* ---- search ---- */
  const find = document.getElementById("map-find"), found = document.getElementById("map-found");
  const MOST_FOUND = 10;
  function folded(text) {
    return text.toLocaleLowerCase(data.locale);
  }
  function plainer(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  }
  const index = [].concat(
    data.towns.map(function (one) {
      return { name: one[0], language: one[1], kind: words.municipality, go: function () {
        map.fitBounds([[one[2], one[3]], [one[4], one[5]]], { padding: [20, 20], animate: false });
      } };
    }),
    places.map(function (one) {
      return { name: one.name, language: one.language, kind: words.settlement, go: function () {
        map.setView(latLng(one.x, one.y), near(), STILL);
      } };
    }),
    sites.map(function (site) {
      const tierAt = site.options.find(function (one) { return one[0] !== NONE; })[0];
      return { name: site.name, extra: namesItself(site) ? "" : site.id, language: data.siteLanguage,
        kind: words.site + " " + data.tiers[tierAt][0], go: function () {
          map.setView(site.place, near(), STILL);
          openSite(site);
        } };
    }));
  if (!index.length) live.querySelector(".map-search").hidden = true;
  index.forEach(function (one) {
    one.key = folded(one.name + (one.extra ? " (" + one.extra + ")" : ""));
    one.plain = plainer(one.key);
  });
  function near() {
    const width = usualSide || 1e-3;
    return Math.min(16, Math.max(map.getZoom(), Math.round(Math.log2(18 / width) * 4) / 4));
  }
  function matches(text) {
    const key = folded(text.trim()), plain = plainer(key);
    if (!key) return [];
    function score(one) {
      if (one.key.startsWith(key)) return 0;
      if (one.plain.startsWith(plain)) return 1;
      if (one.plain.includes(" " + plain) || one.plain.includes("(" + plain)) return 2;
      return one.plain.includes(plain) ? 3 : 9;
    }
    return index.map(function (one, at) { return [score(one), at, one]; })
      .filter(function (one) { return one[0] < 9; })
      .sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; })
      .map(function (one) { return one[2]; });
  }
  let listed = [], active = NONE;
  function list(text) {
    const all = matches(text);
    listed = all.slice(0, MOST_FOUND);
    active = NONE;
    found.replaceChildren(...listed.map(function (one, at) {
      const name = spoken(one.extra ? one.name + " (" + one.extra + ")" : one.name, one.language);
      const row = el("li", { role: "option", id: "map-found-" + at, "aria-selected": "false" },
        name, " ", el("span", { class: "map-kind" }, one.kind));
      row.addEventListener("mousedown", function (event) { event.preventDefault(); });
      row.addEventListener("click", function () { choose(at); });
      return row;
    }));
    if (!text.trim()) announce("");
    else if (!all.length) announce(words.noMatch);
    else announce(filled(all.length === 1 ? words.oneMatch : words.matches,
      { number: number(all.length) }));
    unfold(listed.length > 0);
  }
  function unfold(open) {
    found.hidden = !open;
    find.setAttribute("aria-expanded", String(open));
    if (!open) point(NONE);
  }
  function point(at) {
    active = at;
    [].forEach.call(found.children, function (row, place) {
      row.setAttribute("aria-selected", String(place === at));
      if (place === at) row.scrollIntoView({ block: "nearest", behavior: "instant" });
    });
    if (at === NONE) find.removeAttribute("aria-activedescendant");
    else find.setAttribute("aria-activedescendant", "map-found-" + at);
  }
  function choose(at) {
    const one = listed[at];
    find.value = one.name;
    unfold(false);
    closePopup(false);
    one.go();
    announce(filled(words.moved, { what: one.name + ", " + one.kind }));
  }
  find.addEventListener("input", function () { list(find.value); });
  find.addEventListener("blur", function () { unfold(false); });
  find.addEventListener("keydown", function (event) {
    const open = !found.hidden, last = listed.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!open) list(find.value);
      if (!found.hidden) {
        const down = event.key === "ArrowDown";
        point(down ? (active === last ? 0 : active + 1) : (active <= 0 ? last : active - 1));
      }
    } else if (event.key === "Enter") {
      if (open && listed.length) choose(Math.max(active, 0));
    } else if (event.key === "Escape") {
      if (open) {
        unfold(false);
        event.stopPropagation();
      } else if (find.value && !popup) {
        find.value = "";
      } else return;
    } else return;
    event.preventDefault();
  });

  /* ---- ready ---- */
  const ground = new Canvas("ground", paintGround, function () {
    if (window.__mapReady === undefined) window.__mapReady = performance.now();
    figure.setAttribute("data-painted", view + "-" + tier);
  });
  const names = new Canvas("names", paintNames);
  map.getPane("markerPane").setAttribute("role", "group");
  map.getPane("markerPane").setAttribute("aria-label", words.siteKeys);
  ground.addTo(map);
  names.addTo(map);
  show(false);
  if (window.ResizeObserver) {
    new ResizeObserver(function () { map.invalidateSize({ animate: false, pan: false }); })
      .observe(canvasBox);
  }
})();
