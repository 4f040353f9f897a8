"use strict";
// Sorts and copies tables, and opens what is folded when the page is printed. Everything else of
// the page is readable without this script.
(() => {
  const words = JSON.parse(document.getElementById("page-words").textContent).words;
  const status = document.getElementById("page-status");
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);

  function announce(text) {
    status.textContent = "";
    window.setTimeout(() => { status.textContent = text; }, 50);
  }

  function own(cell) { // the cell's first line, without the words for those who hear it
    const copy = cell.cloneNode(true);
    for (const part of copy.querySelectorAll(".under, .quiet")) part.remove();
    return copy.textContent.trim();
  }

  function sortBy(table, head, place) {
    const numeric = head.classList.contains("n");
    const up = head.getAttribute("aria-sort")
      ? head.getAttribute("aria-sort") !== "ascending" : !numeric;
    const body = table.tBodies[0];
    const rows = [...body.rows].filter((row) => !row.classList.contains("total"));
    const last = [...body.rows].filter((row) => row.classList.contains("total"));
    const key = (row) => row.cells[place].dataset.v;
    rows.sort((a, b) => {
      const [left, right] = [key(a), key(b)];
      if (left === "" || right === "") return (left === "") - (right === "");
      const order = numeric ? left - right : left.localeCompare(right, words.language);
      return up ? order : -order;
    });
    body.append(...rows, ...last);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    announce(fill(up ? words.sorted_up : words.sorted_down, { column: own(head) }));
  }

  function rowsOf(table) {
    const heads = [...table.tHead.rows[0].cells];
    const lines = [heads.flatMap((head) =>
      head.dataset.under === undefined ? [own(head)] : [own(head), head.dataset.under])];
    for (const row of table.tBodies[0].rows) {
      lines.push([...row.cells].flatMap((cell, place) => {
        if (heads[place].dataset.under === undefined) return [own(cell)];
        const under = cell.querySelector(".under");
        return [own(cell), under === null ? "" : under.textContent.trim()];
      }));
    }
    const tidy = (text) => text.replace(/\s+/g, " ");
    const safe = (text) => /^[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) && !/^[+-]?[\d.,\s]+$/.test(text)
      ? `'${text}` : text;
    return lines.map((line) => line.map((text) => safe(tidy(text))).join("\t")).join("\n");
  }

  function copyOldWay(text) {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "quiet";
    document.body.append(field);
    field.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch { done = false; }
    field.remove();
    return done;
  }

  async function copyTable(table, button) {
    const text = rowsOf(table);
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      done = copyOldWay(text);
    }
    button.focus();
    if (!done) window.getSelection().selectAllChildren(table);
    announce(done ? words.copied : words.not_copied);
  }

  for (const box of document.querySelectorAll(".table-box")) {
    const table = box.querySelector("table");
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sortBy(table, head, place));
      // a browser leaves a head that shows by a hair where it is
      button.addEventListener("focus", () => button.scrollIntoView({ block: "nearest", inline: "nearest" }));
      head.append(button);
    });
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = words.copy;
    button.setAttribute("aria-describedby", table.caption.id);
    button.addEventListener("click", () => { copyTable(table, button); });
    box.querySelector(".scroll").after(button);
  }

  /* a shadow where a table goes on */
  const watched = new ResizeObserver((all) => { for (const one of all) shade(one.target); });
  function shade(box) {
    box.classList.toggle("goes-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 2);
  }
  for (const box of document.querySelectorAll(".scroll")) {
    box.addEventListener("scroll", () => shade(box), { passive: true });
    watched.observe(box);
  }

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
    opened = [];
  });
})();
