// Keeps a page up to date: its own URL gives, as events, the parts that have changed. What the user
// does stays: focus, selection, scrolling, what is open and what is typed.
"use strict";
(() => {
  const state = document.getElementById("live-state");
  const retryAfter = 10000; // where no stream is free
  let source = null;
  let timer = 0;
  let lost = false;

  const say = (text) => {
    if (state && state.textContent !== text) state.textContent = text;
  };

  // keep are attributes that the user changes.
  const keep = { DETAILS: ["open"], INPUT: ["value", "checked"], OPTION: ["selected"] };

  function attributes(before, after) {
    const kept = keep[before.nodeName.toUpperCase()] || [];
    for (const { name } of [...before.attributes]) {
      if (!after.hasAttribute(name) && !kept.includes(name)) before.removeAttribute(name);
    }
    for (const { name, value } of [...after.attributes]) {
      if (before.getAttribute(name) !== value && !kept.includes(name)) before.setAttribute(name, value);
    }
  }

  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.id || node.getAttribute("data-key") : null);
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

  // without removes a node and returns the one behind it.
  function without(node) {
    const next = node.nextSibling;
    node.remove();
    return next;
  }

  // morph makes the children of one element like those of another, and leaves those alone that are.
  function morph(before, after) {
    const byKey = new Map();
    for (const child of before.childNodes) {
      const key = keyOf(child);
      if (key) byKey.set(key, child);
    }
    const keys = new Set([...after.childNodes].map(keyOf));
    let at = before.firstChild;
    for (const wanted of [...after.childNodes]) {
      while (at && keyOf(at) && !keys.has(keyOf(at))) at = without(at);
      const key = keyOf(wanted);
      let found = key ? byKey.get(key) : null;
      if (found && !alike(found, wanted)) found = null;
      if (!found && at && !(keyOf(at)) && alike(at, wanted)) found = at;
      if (!found) {
        before.insertBefore(wanted, at);
        continue;
      }
      if (found === at) at = at.nextSibling;
      else before.insertBefore(found, at);
      if (found.nodeType === Node.ELEMENT_NODE) {
        if (found.isEqualNode(wanted)) continue;
        attributes(found, wanted);
        morph(found, wanted);
      } else if (found.nodeValue !== wanted.nodeValue) {
        found.nodeValue = wanted.nodeValue;
      }
    }
    while (at) at = without(at);
  }

  function show(sections) {
    const focused = document.activeElement;
    for (const [id, html] of Object.entries(sections)) {
      const element = document.getElementById(id);
      if (!element) continue;
      const fresh = element.cloneNode(false);
      fresh.innerHTML = html; // which the templates have escaped
      morph(element, fresh);
    }
    const moved = focused && focused.isConnected && document.activeElement !== focused;
    if (moved) focused.focus({ preventScroll: true });
  }

  function close() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  function broken() {
    if (!lost) say("The connection is lost; this page may be out of date.");
    lost = true;
    if (source && source.readyState === EventSource.CLOSED) {
      close();
      timer = setTimeout(open, retryAfter); // the browser itself does not try again
    }
  }

  function open() {
    close();
    source = new EventSource(location.pathname + location.search);
    source.addEventListener("open", () => {
      if (lost) say("The connection is back; this page is up to date.");
      lost = false;
    });
    source.addEventListener("sections", (event) => show(JSON.parse(event.data)));
    source.addEventListener("error", broken);
  }

  // A page that nobody looks at takes no connection, of which browsers allow few.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  if (!document.hidden) open();
})();
