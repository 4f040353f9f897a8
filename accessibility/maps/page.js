/* Draws a sheet on a Leaflet map. Texts in the data are HTML-escaped: they go into innerHTML as
   they are, and through plain() where plain text is needed. */
function drawSheet(map, dataId) {
  "use strict";
  const data = JSON.parse(document.getElementById(dataId).textContent);
  const words = data.words;
  const marks = data.marks;
  const sites = data.sites || [];
  const cells = data.cells;
  const panel = document.getElementById("panel");
  const shapes = [
    '<circle cx="12" cy="12" r="8.5"/>',
    '<rect x="3" y="3" width="18" height="18" rx="2"/>',
    '<path d="M12 0.5 23.5 12 12 23.5 0.5 12Z"/>',
    '<path d="M12 0.5 22.5 6.5V17.5L12 23.5 1.5 17.5V6.5Z"/>',
  ];
  let chosen = 0;

  /* ---- text ---- */
  function plain(escaped) {
    const area = document.createElement("textarea");
    area.innerHTML = escaped;
    return area.value;
  }
  function capital(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
  }
  function number(value) {
    return value.toLocaleString(data.language, { maximumFractionDigits: 1 });
  }
  function isolated(escaped) {
    return "<bdi>" + escaped + "</bdi>";
  }
  function siteName(site) {
    return isolated(site[2]) + ' <span class="id">(' + isolated(site[3]) + ")</span>";
  }

  /* ---- geometry ---- */
  function points(steps) {
    const found = [];
    let lon = 0, lat = 0;
    for (let i = 0; i < steps.length; i += 2) {
      lon += steps[i];
      lat += steps[i + 1];
      found.push([lat / 1e4, lon / 1e4]);
    }
    return found;
  }
  function cornersOf(steps) {
    /* eight numbers a cell, see compact.cell_steps; gives pixels of zoom 0 */
    const count = steps.length / 8, row = [0, 0, 0, 0, 0, 0, 0, 0];
    const found = new Float64Array(count * 8);
    for (let cell = 0; cell < count; cell++) {
      let lon = 0, lat = 0;
      for (let k = 0; k < 8; k++) row[k] += steps[cell * 8 + k];
      for (let k = 0; k < 8; k += 2) {
        lon += row[k];
        lat += row[k + 1];
        const pixel = map.project([lat / 1e5, lon / 1e5], 0);
        found[cell * 8 + k] = pixel.x;
        found[cell * 8 + k + 1] = pixel.y;
      }
    }
    return found;
  }

  function outlinesOf(shapes) {
    /* by cell its rings, in pixels of zoom 0; see compact.cell_places */
    return shapes.map(function (rings) {
      return rings.map(function (steps) {
        const ring = new Float64Array(steps.length);
        let lon = 0, lat = 0;
        for (let at = 0; at < steps.length; at += 2) {
          lon += steps[at];
          lat += steps[at + 1];
          const pixel = map.project([lat / 1e5, lon / 1e5], 0);
          ring[at] = pixel.x;
          ring[at + 1] = pixel.y;
        }
        return ring;
      });
    });
  }

  /* ---- a canvas under or over the other layers, redrawn when the view has moved ---- */
  const CanvasLayer = L.Layer.extend({
    initialize: function (pane, paint) {
      this._paneName = pane;
      this._paint = paint;
    },
    onAdd: function () {
      this._canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide", map.getPane(this._paneName));
      map.on("moveend resize", this.redraw, this);
      this.redraw();
    },
    onRemove: function () {
      map.off("moveend resize", this.redraw, this);
      this._canvas.remove();
    },
    redraw: function () {
      if (!this._map) return;
      const size = map.getSize(), ratio = window.devicePixelRatio || 1;
      const margin = size.multiplyBy(0.3).round(), full = size.add(margin.multiplyBy(2));
      const corner = map.containerPointToLayerPoint(margin.multiplyBy(-1)).round();
      this._canvas.width = full.x * ratio;
      this._canvas.height = full.y * ratio;
      this._canvas.style.width = full.x + "px";
      this._canvas.style.height = full.y + "px";
      L.DomUtil.setPosition(this._canvas, corner);
      const context = this._canvas.getContext("2d");
      context.scale(ratio, ratio);
      const scale = map.getZoomScale(map.getZoom(), 0);
      this._paint(context, scale, map.getPixelOrigin().add(corner), full);
    },
  });

  function pane(name, order, clickable) {
    const made = map.createPane(name);
    made.style.zIndex = order;
    if (!clickable) made.style.pointerEvents = "none";
    return made;
  }
  pane("land", 210);
  pane("cells", 220);
  pane("lines", 230);
  pane("bands", 240);
  pane("names", 640);
  pane("bandnames", 250);

  /* ---- cells ---- */
  function hatch(context, colour) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const brush = tile.getContext("2d");
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 6, 6);
    brush.strokeStyle = "#4a4a4a";
    brush.beginPath();
    for (const shift of [-6, 0, 6]) {
      brush.moveTo(shift - 1, 7);
      brush.lineTo(shift + 7, -1);
    }
    brush.stroke();
    return context.createPattern(tile, "repeat");
  }
  function cellLayer() {
    const corners = cornersOf(cells.corners);
    const count = corners.length / 8, outlines = outlinesOf(cells.outlines || []);
    const sides = new Float64Array(count);
    for (let cell = 0; cell < count; cell++) {
      const at = cell * 8;
      sides[cell] = Math.max(Math.abs(corners[at + 4] - corners[at]),
        Math.abs(corners[at + 5] - corners[at + 1]));
    }
    function paint(context, scale, origin, full) {
      const classOf = data.choices[chosen][1];
      const buckets = data.classes.map(function () { return []; });
      for (let cell = 0; cell < count; cell++) {
        const x = corners[cell * 8] * scale - origin.x, y = corners[cell * 8 + 1] * scale - origin.y;
        const reach = 3 * sides[cell] * scale + 2;
        if (x < -reach || y < -reach || x > full.x + reach || y > full.y + reach) continue;
        buckets[classOf[cell]].push(cell);
      }
      const shown = buckets.reduce(function (sum, bucket) { return sum + bucket.length; }, 1);
      /* cells too small to see become dots, the larger the fewer they are */
      const least = Math.min(3, Math.max(1, Math.sqrt(0.06 * full.x * full.y / shown)));
      buckets.forEach(function (bucket, at) {
        const colour = data.classes[at][0], fill = data.classes[at][1];
        const small = bucket.filter(function (cell) { return sides[cell] * scale < least; });
        const large = bucket.filter(function (cell) { return sides[cell] * scale >= least; });
        const width = large.reduce(function (most, cell) {
          return Math.min(most, sides[cell] * scale);
        }, Infinity);
        context.fillStyle = colour;
        if (small.length) paintDots(context, small, scale, origin, least, fill);
        context.fillStyle = fill === "hatched" && width >= 4 ? hatch(context, colour) : colour;
        if (large.length) paintSquares(context, large, scale, origin, width, fill);
      });
    }
    function paintDots(context, bucket, scale, origin, least, fill) {
      const side = fill === "open" ? 3 : Math.round(least);
      for (const cell of bucket) {
        const x = (corners[cell * 8] + corners[cell * 8 + 4]) / 2 * scale - origin.x;
        const y = (corners[cell * 8 + 1] + corners[cell * 8 + 5]) / 2 * scale - origin.y;
        const left = Math.round(x - side / 2), top = Math.round(y - side / 2);
        if (fill === "open") {
          context.fillStyle = "#6d6d6d";
          context.fillRect(left, top, side, side);
          context.fillStyle = "#ffffff";
          context.fillRect(left + 1, top + 1, side - 2, side - 2);
        } else {
          context.fillRect(left, top, side, side);
        }
      }
    }
    function paintSquares(context, bucket, scale, origin, width, fill) {
      for (let from = 0; from < bucket.length; from += 500) {
        context.beginPath();
        for (const cell of bucket.slice(from, from + 500)) {
          for (const ring of ringsOf(cell)) {
            for (let k = 0; k < ring.length; k += 2) {
              const x = ring[k] * scale - origin.x, y = ring[k + 1] * scale - origin.y;
              if (k) context.lineTo(x, y); else context.moveTo(x, y);
            }
            context.closePath();
          }
        }
        context.fill("evenodd");
        if (fill === "plain") {
          context.strokeStyle = width > 10 ? "rgba(255,255,255,.55)" : context.fillStyle;
          context.lineWidth = width > 10 ? 0.8 : 0.4;
        } else {
          context.strokeStyle = "#4a4a4a";
          context.lineWidth = width > 10 ? 1.4 : 0.9;
        }
        context.stroke();
      }
    }
    function at(latlng) {
      /* the cell under a place, or the nearest within a few pixels */
      const place = map.project(latlng, 0);
      let found = -1, best = 5 / map.getZoomScale(map.getZoom(), 0);
      for (let cell = 0; cell < count; cell++) {
        const from = cell * 8;
        const dx = (corners[from] + corners[from + 4]) / 2 - place.x;
        const dy = (corners[from + 1] + corners[from + 5]) / 2 - place.y;
        const half = Math.hypot(corners[from] - corners[from + 4],
          corners[from + 1] - corners[from + 5]) / 2;
        const away = Math.hypot(dx, dy);
        if (away > half && away > best) continue;
        if (inside(cell, place)) return cell;
        if (away < best) {
          best = away;
          found = cell;
        }
      }
      return found;
    }
    function ringsOf(cell) {
      const rings = outlines[cell];
      return rings && rings.length ? rings : [corners.subarray(cell * 8, cell * 8 + 8)];
    }
    function inside(cell, place) {
      let within = false;
      for (const ring of ringsOf(cell)) {
        for (let k = 0; k < ring.length; k += 2) {
          const n = (k + 2) % ring.length;
          const ax = ring[k], ay = ring[k + 1], bx = ring[n], by = ring[n + 1];
          if ((ay > place.y) !== (by > place.y) &&
            place.x < ax + (place.y - ay) / (by - ay) * (bx - ax)) within = !within;
        }
      }
      return within;
    }
    const layer = new CanvasLayer("cells", paint);
    layer.cellAt = at;
    return layer;
  }
  function cellText(cell) {
    const people = cells.people[cell];
    let who = !people ? capital(words.nobody)
      : number(people) + " " + (people === 1 ? words.one_person : words.people);
    if (cells.town.length) who += ", " + isolated(cells.towns[cells.town[cell]]);
    const parts = ["<h2>" + who + "</h2>"];
    if (cells.ids) parts.push('<p class="id">' + isolated(cells.ids[cell]) + "</p>");
    const rows = [];
    (cells.minutes || []).forEach(function (minutes, tier) {
      const site = sites[cells.nearest[tier][cell]];
      rows.push([data.choices[tier][0], site === undefined ? capital(words.unreachable)
        : "<b>" + minutes[cell] + " min</b> " + siteName(site)]);
    });
    (cells.groups || []).forEach(function (group, place) {
      const value = cells.grouped[place][cell];
      rows.push([isolated(group), value === null ? words.withheld : number(value)]);
    });
    parts.push("<dl>" + rows.map(function (row) {
      return "<dt>" + row[0] + "</dt><dd>" + row[1] + "</dd>";
    }).join("") + "</dl>");
    if (cells.status) parts.push("<p>" + cells.statuses[cells.status[cell]] + "</p>");
    return parts.join("");
  }

  /* ---- sites ---- */
  function icon(site) {
    const mark = marks[site[4]], side = 18 + 3 * Math.min(mark[2], 3);
    const names = ["site", site[6] ? "external" : "", mark[2] ? "" : "low"];
    const box = Math.max(24, side);
    return L.divIcon({
      className: names.join(" ").trim(),
      iconSize: [box, box],
      html: '<svg class="mark" viewBox="' + [12 - 12 * box / side, 12 - 12 * box / side,
        24 * box / side, 24 * box / side].join(" ") + '" aria-hidden="true">' +
        shapes[mark[2] % 4] + '<text x="12" y="16.2" text-anchor="middle">' + mark[0] +
        "</text></svg>",
    });
  }
  function siteText(site) {
    const mark = marks[site[4]];
    const parts = ["<h2>" + siteName(site) + "</h2>", "<p>" + mark[1] + "</p>"];
    if (site[5]) parts.push("<p>" + isolated(site[5]) + "</p>");
    if (site[6]) parts.push("<p>" + capital(words.external) + "</p>");
    return parts.join("");
  }
  const markers = sites.map(function (site) {
    const marker = L.marker([site[1], site[0]], {
      icon: icon(site), zIndexOffset: 10000 * marks[site[4]][2], riseOnHover: true,
    });
    marker.bindPopup(siteText(site), { maxWidth: 300 });
    marker.bindTooltip(siteName(site), { direction: "top", offset: [0, -10] });
    marker.on("add", function () {
      marker.getElement().setAttribute("aria-label", plain(site[2] + " (" + site[3] + ")"));
    });
    return marker;
  });
  function fadeOthers() {
    sites.forEach(function (site, at) {
      const element = markers[at].getElement();
      const other = data.choices.length > 1 && !site[7].includes(chosen);
      if (element) element.classList.toggle("other", other);
      markers[at].setZIndexOffset(10000 * marks[site[4]][2] - (other ? 5000 : 0));
    });
  }

  /* ---- names of settlements, as many as have room ---- */
  function isFree(box, taken) {
    return taken.every(function (one) {
      return box[0] >= one[2] || box[2] <= one[0] || box[1] >= one[3] || box[3] <= one[1];
    });
  }
  function nameLayer() {
    const names = data.places.map(function (place) { return plain(place[2]); });
    return new CanvasLayer("names", function (context, scale, origin, full) {
      const taken = markers.filter(function (marker) { return map.hasLayer(marker); })
        .map(function (marker) {
          const at = map.project(marker.getLatLng()).subtract(origin);
          const half = map.getContainer().classList.contains("small") ? 6 : 12;
          return [at.x - half, at.y - half, at.x + half, at.y + half];
        });
      context.font = "13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      context.lineWidth = 3.5;
      context.strokeStyle = "rgba(255,255,255,.9)";
      context.fillStyle = "#1d1d1b";
      const most = Math.round(full.x * full.y / 45000);
      const named = [];
      let met = 0;
      for (let at = 0; at < names.length && met < most; at++) {
        const place = map.project([data.places[at][1], data.places[at][0]]).subtract(origin);
        if (place.x < 0 || place.y < 0 || place.x > full.x || place.y > full.y) continue;
        met += 1;
        const width = context.measureText(names[at]).width;
        const ways = [[14, 0], [-14 - width, 0], [-width / 2, -18], [-width / 2, 18],
          [10, -14], [10, 14], [-10 - width, -14], [-10 - width, 14]].map(function (shift) {
          const x = place.x + shift[0], y = place.y + shift[1];
          return [x, y, [x - 6, y - 12, x + width + 6, y + 12]];
        });
        /* the largest are named even where sites are dense: over markers, never over names */
        const way = ways.find(function (one) { return isFree(one[2], taken.concat(named)); }) ||
          (met <= 10 && ways.find(function (one) { return isFree(one[2], named); }));
        if (!way) continue;
        named.push(way[2]);
        context.strokeText(names[at], way[0], way[1]);
        context.fillText(names[at], way[0], way[1]);
      }
    });
  }

  /* ---- lines ---- */
  function lineLayer(lines, paneName, style) {
    const options = Object.assign({ pane: paneName, interactive: false, smoothFactor: 0.5,
      renderer: L.canvas({ pane: paneName, padding: 0.3 }) }, style);
    const made = lines.map(points);
    return style.fill ? L.polygon([made], options) : L.polyline(made, options);
  }
  function shade(colour) {
    /* darker, so that light classes read as lines */
    const parts = [1, 3, 5].map(function (at) { return parseInt(colour.slice(at, at + 2), 16); });
    return "rgb(" + parts.map(function (part) { return Math.round(part * 0.62); }).join(",") + ")";
  }
  function bandLayer(rows) {
    const group = L.layerGroup();
    for (const row of rows) {
      const colour = data.classes[row[1]][0];
      group.addLayer(lineLayer(row[3], "bands", { color: "#ffffff", weight: 3, opacity: 0.9 }));
      group.addLayer(lineLayer(row[3], "bands", { color: shade(colour), weight: 1.3 }));
      const longest = row[3].reduce(function (a, b) { return b.length > a.length ? b : a; });
      const north = points(longest).reduce(function (a, b) { return b[0] > a[0] ? b : a; });
      group.addLayer(L.marker(north, { pane: "bandnames", interactive: false, keyboard: false,
        icon: L.divIcon({ className: "band", iconSize: [64, 18],
          html: "<span>" + row[2] + "</span>" }) }));
    }
    return group;
  }

  /* ---- the layers that boxes switch ---- */
  const layers = {
    sites: sites.length && L.layerGroup(markers),
    borders: (data.borders || []).length &&
      lineLayer(data.borders, "lines", { color: "#5b5b57", weight: 0.9, opacity: 0.75 }),
    roads: (data.roads || []).length &&
      lineLayer(data.roads, "lines", { color: (data.land || []).length ? "#ffffff" : "#cbc6ba", weight: 1.1, opacity: 0.85 }),
    places: (data.places || []).length && nameLayer(),
    outlines: (data.outlines || []).length && L.layerGroup(),
  };
  const wanted = { sites: true };
  if ((data.land || []).length) {
    lineLayer(data.land, "land",
      { fill: true, fillColor: "#e8e5de", fillOpacity: 1, stroke: false, fillRule: "evenodd" })
      .addTo(map);
  }
  function show(key) {
    if (!layers[key]) return;
    if (wanted[key]) layers[key].addTo(map); else layers[key].remove();
    if (key === "sites") {
      if (wanted.sites) fadeOthers();
      if (layers.places) layers.places.redraw();
    }
  }
  function choose(place) {
    chosen = place;
    panel.querySelectorAll(".of").forEach(function (one) {
      one.classList.toggle("chosen", one.classList.contains("of" + chosen));
    });
    if (layers.outlines) {
      layers.outlines.clearLayers().addLayer(bandLayer(
        data.outlines.filter(function (row) { return row[0] === chosen; })));
    }
    if (ground) ground.redraw();
    fadeOthers();
  }

  /* ---- view and controls ---- */
  map.attributionControl.setPrefix(false);
  if (data.attribution) map.attributionControl.addAttribution(data.attribution);
  L.control.zoom({ zoomInTitle: capital(words.zoom_in), zoomOutTitle: capital(words.zoom_out) })
    .addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  map.fitBounds(data.bounds, { padding: [12, 12], animate: false });
  const home = map.getZoom();
  map.setMinZoom(Math.floor(home) - 1);
  map.setMaxZoom(16);
  map.setMaxBounds(L.latLngBounds(data.bounds).pad(0.6));
  function grain() {
    const size = map.getSize(), view = map.getBounds();
    const shown = sites.filter(function (site) { return view.contains([site[1], site[0]]); });
    const crowded = shown.length * 576 > 0.06 * size.x * size.y;
    map.getContainer().classList.toggle("small", crowded);
  }
  map.on("moveend", grain);
  grain();
  const ground = cells && cellLayer().addTo(map);
  if (ground) {
    map.on("click", function (event) {
      const cell = ground.cellAt(event.latlng);
      if (cell >= 0) map.openPopup(cellText(cell), event.latlng, { maxWidth: 320 });
    });
    map.on("mousemove", function (event) {
      map.getContainer().style.cursor = ground.cellAt(event.latlng) >= 0 ? "pointer" : "";
    });
  }
  panel.classList.add("drawn");
  panel.querySelectorAll("input").forEach(function (input) {
    if (input.type === "checkbox") {
      wanted[input.value] = input.checked;
      input.addEventListener("change", function () {
        wanted[input.value] = input.checked;
        show(input.value);
      });
    } else {
      input.addEventListener("change", function () { choose(Number(input.value)); });
    }
  });
  const checked = panel.querySelector("input[type=radio]:checked");
  choose(checked ? Number(checked.value) : 0);
  Object.keys(layers).forEach(show);

  /* ---- popups by keyboard: into the popup when it opens, back when it closes ---- */
  let before = null;
  map.on("popupopen", function (event) {
    const element = event.popup.getElement();
    const close = element.querySelector(".leaflet-popup-close-button");
    close.setAttribute("aria-label", capital(words.close));
    before = document.activeElement;
    if (before && before.classList.contains("leaflet-marker-icon")) close.focus();
    element.addEventListener("keydown", function (key) {
      if (key.key === "Escape") map.closePopup();
    });
  });
  map.on("popupclose", function () {
    if (before && before.isConnected) before.focus({ preventScroll: true });
  });
}
