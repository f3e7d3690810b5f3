// The place of the reader: filters, sorting, open customer or definition. The address holds it, so
// that a link can be mailed, and each change is a step of the browser's history.
"use strict";
window.tillsight.places = (() => {
  const { filters, settings } = window.tillsight;
  const SHORT = { search: "q", segment: "segment", detail: "detail", country: "country", least: "from", most: "to", recency: "r", frequency: "f" };
  const DIALOGS = ["customer", "docs"];
  const START = { ...filters.START, customer: "", docs: "" };
  let here = START;
  let typedIn = "";
  let isLeaving = false;
  // The browser itself restores the scroll position of a reload or a return.
  const isReturn = window.history.state !== null;

  // "customers?segment=Loyal&page=2", "customer=C001", "docs=rfm_scores"; empty at the start.
  function toAddress(place) {
    if (place.docs) return String(new URLSearchParams({ docs: place.docs }));
    const parts = new URLSearchParams();
    for (const [key, short] of Object.entries(SHORT)) if (place[key]) parts.set(short, place[key]);
    if (place.sort !== START.sort || place.descending !== START.descending) {
      parts.set("sort", (place.descending ? "-" : "") + place.sort);
    }
    if (place.page > 1) parts.set("page", place.page);
    const before = String(parts) ? "customers?" : "";
    if (place.customer) parts.set("customer", place.customer);
    return before + parts;
  }

  // Null where the address names a section of the page.
  function fromAddress(hash) {
    const text = hash.replace(/^#(customers\?)?/, "");
    if (hash.length > 1 && !text.includes("=")) return null;
    const parts = new URLSearchParams(text);
    const place = { ...START };
    for (const [key, short] of Object.entries(SHORT)) place[key] = parts.get(short) || "";
    const sort = parts.get("sort") || "-monetary";
    const key = sort.replace(/^-/, "");
    if (settings.columns.some((column) => column.key === key && column.isShown)) Object.assign(place, { sort: key, descending: sort.startsWith("-") });
    place.page = Math.max(1, Math.floor(Number(parts.get("page"))) || 1);
    for (const dialog of DIALOGS) place[dialog] = parts.get(dialog) || "";
    return place;
  }

  function toLink(place) {
    const address = toAddress({ ...START, ...place });
    const page = window.location.href.split("#")[0];
    return address ? `${page}#${address}` : page;
  }

  function isSame(place) {
    return Object.keys(START).every((key) => place[key] === here[key]);
  }

  // The number of steps back to before each dialog was opened; missing where a link opened it.
  function stepsBack(place) {
    const before = window.history.state?.steps || {};
    const steps = {};
    for (const key of DIALOGS) {
      if (place[key] && !here[key]) steps[key] = 1;
      else if (place[key] && before[key]) steps[key] = before[key] + 1;
    }
    return steps;
  }

  function store(method, place, steps, link = toLink(place)) {
    try {
      window.history[method]({ place, steps }, "", link);
    } catch {
      // A browser may refuse or limit changes of the address: the filters work without it.
    }
  }

  // Changes a part of the place, as one step. Typing in a field is one step.
  function go(part, { typing = "" } = {}) {
    if (isLeaving) {
      window.addEventListener("popstate", () => go(part, { typing }), { once: true });
      return;
    }
    const place = { ...here, ...part };
    if (isSame(place)) return;
    const isNew = !typing || typing !== typedIn;
    typedIn = typing;
    if (isNew) store("pushState", place, stepsBack(place));
    else store("replaceState", place, window.history.state?.steps);
    show(place);
  }

  function stopTyping() {
    typedIn = "";
  }

  // Called after a dialog was closed: goes back to before it was opened.
  function leave(dialog) {
    if (!here[dialog] || isLeaving) return;
    const steps = window.history.state?.steps?.[dialog];
    if (steps) {
      isLeaving = true;
      window.history.go(-steps);
      // A browser that has dropped those steps sends no event.
      window.setTimeout(() => { isLeaving = false; }, 1000);
    } else {
      const place = { ...here, [dialog]: "" };
      store("replaceState", place, {});
      show(place);
    }
  }

  function show(place, before = here) {
    const { table, drawer, docs } = window.tillsight;
    here = place;
    table.display(place);
    if (place.customer !== before.customer) drawer.show(table.rowOf(place.customer));
    if (place.docs === before.docs) return;
    if (place.docs) docs?.open(place.docs);
    else docs?.close();
  }

  // Called after back, forward, or a link within the page, which has no state yet.
  function follow(event) {
    isLeaving = false;
    stopTyping();
    const place = event.state?.place || fromAddress(window.location.hash) || here;
    const isLink = !event.state;
    if (isLink) store("replaceState", place, stepsBack(place), window.location.href);
    if (isSame(place)) return;
    show(place);
    if (isLink && !place.docs) window.tillsight.table.toView();
  }

  // Shows the place of the address: a definition now, customers when they are loaded.
  function start() {
    const place = fromAddress(window.location.hash) || window.history.state?.place || START;
    store("replaceState", place, window.history.state?.steps, window.location.href);
    window.addEventListener("popstate", follow);
    show(place);
  }

  function showCustomers() {
    const isAsked = toAddress({ ...here, docs: "" }) !== "";
    show(here, { ...here, customer: "" });
    if (isAsked && !isReturn) window.tillsight.table.toView();
  }

  return { go, leave, stopTyping, toLink, start, showCustomers };
})();
