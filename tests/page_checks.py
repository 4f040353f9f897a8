"""Questions that tests ask an opened page, as scripts that give what is wrong: empty is right."""

from __future__ import annotations

# what all of them need: visible texts, colours over their ground
_SHARED = r"""
  const laid = { visibilityProperty: true, contentVisibilityAuto: true };
  const shown = (one) => one.checkVisibility(laid)
    && !one.closest(".quiet, .map-status, .skip, script, style, noscript");
  const name = (one) => {
    const said = (one.getAttribute?.("aria-label") || one.textContent || "").trim().slice(0, 40);
    const kind = typeof one.className === "string" ? one.className : one.className?.baseVal ?? "";
    return `${one.tagName.toLowerCase()}#${one.id}.${kind} "${said}"`;
  };
  const texts = function* (under) {
    const walker = document.createTreeWalker(under ?? document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode;
      if (text.data.trim() && shown(text.parentElement)) yield text;
    }
  };
  const boxes = (text) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    return [...range.getClientRects()].filter((box) => box.width > 0.5 && box.height > 0.5);
  };
  const rgba = (colour) => {
    const parts = colour.match(/[\d.]+/g).map(Number);
    return parts.length === 3 ? [...parts, 1] : parts;
  };
  const over = (front, back) =>
    [0, 1, 2].map((at) => front[at] * front[3] + back[at] * (1 - front[3]));
  const ground = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    let found = [255, 255, 255];
    for (const layer of layers.reverse()) found = over(layer, found);
    return found;
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
"""

#: Texts that stand out too little from their ground; the drawn map's names have their own halo.
FAINT_TEXTS = f"""() => {{ {_SHARED}
  const found = new Set();
  for (const text of texts()) {{
    const one = text.parentElement, style = getComputedStyle(one);
    if (one.closest(".map-static svg")) continue;
    const mark = one.closest(".map-icon");
    const back = mark ? rgba(getComputedStyle(mark.firstElementChild).fill) : ground(one);
    const front = rgba(one.closest("svg") ? style.fill : style.color);
    const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    const least = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    const ratio = contrast(over(front, back), back);
    if (ratio < least) found.add(`${{name(one)}}: ${{ratio.toFixed(2)}}`);
  }}
  return [...found];
}}"""

#: Borders and drawn shapes that carry a meaning and stand out too little: [selector, property].
FAINT_SHAPES = f"""(wanted) => {{ {_SHARED}
  const found = new Set();
  for (const [selector, property] of wanted) {{
    const all = [...document.querySelectorAll(selector)].filter(shown);
    if (!all.length) found.add(`nothing is ${{selector}}`);
    for (const one of all) {{
      const back = ground(one.parentElement);
      const ratio = contrast(over(rgba(getComputedStyle(one)[property]), back), back);
      if (ratio < 3) found.add(`${{selector}} ${{property}}: ${{ratio.toFixed(2)}}`);
    }}
  }}
  return [...found];
}}"""

#: Texts that are cut off, that leave their box, or that reach out of the window.
CLIPPED_TEXTS = f"""() => {{ {_SHARED}
  const found = new Set();
  const boxed = "button, th, td, p, li, dt, dd, h1, h2, h3, h4, label, legend, caption, summary, "
    + "figcaption, input";
  for (const text of texts()) {{
    const one = text.parentElement;
    if (one.closest("#map-canvas")) continue;
    let scrolled = false;
    for (let at = one; at && at !== document.body; at = at.parentElement) {{
      const style = getComputedStyle(at), box = at.getBoundingClientRect();
      if (["auto", "scroll"].includes(style.overflowX)) scrolled = true;
      if (!["hidden", "clip"].includes(style.overflowX)) continue;
      for (const rect of boxes(text)) {{
        const isCut = rect.right > box.right + 1 || rect.bottom > box.bottom + 1;
        if (isCut) found.add(`cut: ${{name(one)}}`);
      }}
    }}
    for (const rect of boxes(text)) {{
      const right = document.documentElement.clientWidth + 1;
      if (!scrolled && (rect.right > right || rect.left < -1)) {{
        found.add(`outside: ${{name(one)}} ends at ${{Math.round(rect.right)}}`);
      }}
    }}
  }}
  for (const one of document.querySelectorAll(boxed)) {{
    if (!shown(one) || one.closest("#map-canvas")) continue;
    if (getComputedStyle(one).display === "inline") continue;
    if (one.scrollWidth > one.clientWidth + 2 && one.clientWidth > 0) {{
      found.add(`wider than its box: ${{name(one)}}`);
    }}
    if (one.scrollHeight > one.clientHeight + 3 && one.clientHeight > 0) {{
      found.add(`higher than its box: ${{name(one)}}`);
    }}
  }}
  return [...found];
}}"""

#: Controls that are smaller than 24 by 24 pixels; links within a sentence may be.
SMALL_TARGETS = f"""() => {{ {_SHARED}
  const found = [];
  const controls = "a[href], button, input, select, summary, [role=button], [role=option]";
  for (const one of document.querySelectorAll(controls)) {{
    if (!shown(one)) continue;
    if (one.matches("a") && getComputedStyle(one).display === "inline") continue;
    const box = (one.closest("label") ?? one).getBoundingClientRect();
    if (Math.min(box.width, box.height) < 23.9) {{
      found.push(`${{name(one)}}: ${{box.width.toFixed(1)}} x ${{box.height.toFixed(1)}}`);
    }}
  }}
  return found;
}}"""

#: Everything that the Tab key must reach, as indexes of `document.querySelectorAll("*")`.
TAB_STOPS = """() => {
  const all = [...document.querySelectorAll("*")];
  const kinds = "a[href], button, input, select, textarea, summary, [tabindex]";
  const stops = all.filter((one) => one.matches(kinds) && one.tabIndex >= 0 && !one.disabled
    && one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }));
  const isFirst = (one) => one.type !== "radio" || one.checked;
  return stops.filter(isFirst).map((one) => all.indexOf(one));
}"""

#: The focused element: its index, its name, and what is wrong with how it shows its focus.
FOCUS = f"""() => {{ {_SHARED}
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), wrong = [];
  const ring = contrast(rgba(style.outlineColor), ground(one.parentElement));
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) wrong.push("no ring");
  else if (ring < 3) wrong.push("faint ring");
  const parts = [...one.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
  const inside = (x, y) => {{
    const top = document.elementFromPoint(x, y);
    return top !== null && (one.contains(top) || top.contains(one.closest("label")));
  }};
  const seen = parts.some((box) => {{
    const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
    const [right, bottom] = [Math.min(box.right, innerWidth), Math.min(box.bottom, innerHeight)];
    if (right <= left || bottom <= top) return false;
    return [0.1, 0.3, 0.5, 0.7, 0.9].some((x) => [0.1, 0.5, 0.9].some((y) =>
      inside(left + (right - left) * x, top + (bottom - top) * y)));
  }});
  if (!seen) wrong.push("not to be seen");
  return {{ at: [...document.querySelectorAll("*")].indexOf(one), name: name(one), wrong }};
}}"""

#: Names that stand in an element of another language than theirs: (names, language).
WRONG_LANGUAGE = f"""([names, language]) => {{ {_SHARED}
  const found = new Set(), met = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {{
    const text = walker.currentNode, one = text.parentElement;
    if (one.closest("script, style")) continue;
    for (const word of names.filter((word) => text.data.includes(word))) {{
      met.add(word);
      if (one.closest("[lang]").lang !== language) found.add(`${{word}} in ${{name(one)}}`);
    }}
  }}
  return {{ wrong: [...found], met: [...met] }};
}}"""

#: Makes text as WCAG 1.4.12 asks that a reader may.
SPACED_TEXT = """() => {
  for (const one of document.querySelectorAll("body, body *")) {
    if (one.closest("svg") || one.closest("script")) continue;
    one.style.setProperty("line-height", "1.5", "important");
    one.style.setProperty("letter-spacing", "0.12em", "important");
    one.style.setProperty("word-spacing", "0.16em", "important");
    if (one.matches("p")) one.style.setProperty("margin-bottom", "2em", "important");
  }
}"""

LARGE_TEXT = "() => { document.documentElement.style.fontSize = '200%'; }"
