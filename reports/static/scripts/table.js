// The table of customers: filters, sorting, pages, download. Each change is a step of places.js.
"use strict";
window.tillsight.table = (() => {
  const { settings, columns, valueOf, format, filters, csv, places, share } = window.tillsight;
  const shownColumns = settings.columns.filter((column) => column.isShown);
  const PAGE = 100;
  const byId = (id) => document.getElementById(id);
  const body = document.querySelector("#customers-table tbody");
  const FIELDS = { search: "filter-search", segment: "filter-segment", detail: "filter-detail", country: "filter-country", least: "filter-least", most: "filter-most" };
  const copier = share.control("tag", () => state);
  let state = { ...filters.START };
  let rows = [];
  let isReady = false;

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function segmentMark(row) {
    const code = columns.segment[row];
    if (code < 0) return document.createTextNode(format.dash);
    return element("span", `segment segment-${settings.segmentOrders[code]}`, settings.names.segment[code]);
  }

  function opener(row) {
    const made = element("button", "opener");
    made.type = "button";
    made.append(element("bdi", "", columns.name[row] || format.dash));
    return made;
  }

  function content(column, row) {
    if (column.key === "name") return opener(row);
    if (column.key === "segment") return segmentMark(row);
    return format.write(column.format, valueOf(column, row));
  }

  function line(row) {
    const made = element("tr");
    made.dataset.row = row;
    for (const column of shownColumns) {
      const cell = element("td", column.cssClass);
      cell.append(content(column, row));
      made.append(cell);
    }
    return made;
  }

  function pages() {
    return Math.max(1, Math.ceil(rows.length / PAGE));
  }

  function pageNow() {
    return Math.min(state.page, pages());
  }

  function draw() {
    const pressed = document.activeElement;
    const first = (pageNow() - 1) * PAGE;
    const shown = rows.slice(first, first + PAGE);
    body.replaceChildren(...shown.map(line));
    if (!shown.length) {
      const cell = element("td", "empty", "No customers match these filters.");
      cell.colSpan = shownColumns.length;
      const only = element("tr");
      only.append(cell);
      body.replaceChildren(only);
    }
    byId("page-status").textContent = shown.length
      ? `${format.number(first + 1)} to ${format.number(first + shown.length)} of ${format.number(rows.length)}`
      : "";
    byId("page-back").disabled = pageNow() === 1;
    byId("page-next").disabled = pageNow() === pages();
    byId("download").disabled = !rows.length;
    drawChoice();
    // The pressed button may be disabled now: move the focus to the table.
    if (pressed?.disabled || pressed?.hidden) byId("customers-scroll").focus({ preventScroll: true });
  }

  function statusText() {
    const all = format.count(settings.customers, "customer");
    const counted = rows.length === settings.customers ? `All ${all}.` : `${format.number(rows.length)} of ${all}.`;
    return [counted, ...missing()].join(" ");
  }

  // The names of a link that this page does not have, cut to a length that fits.
  function missing() {
    const named = [
      ["customer", state.customer, rowOf(state.customer) >= 0],
      ["segment", state.segment, settings.names.segment.includes(state.segment)],
      ["finer segment", state.detail, settings.names.segment_detail.includes(state.detail)],
      ["country", state.country, settings.names.country.includes(state.country)],
    ];
    return named
      .filter(([, name, isThere]) => name && !isThere)
      .map(([kind, name]) => `There is no ${kind} ${name.slice(0, 60)} on this page.`);
  }

  // The filters in words, for print.
  function inWords() {
    const range = (state.least || state.most) && `${state.least || 0} to ${state.most || 100}%`;
    const named = [
      ["Search", state.search], ["Segment", state.segment], ["Finer segment", state.detail], ["Country", state.country],
      ["Probability", range], ["Recency score", state.recency], ["Frequency score", state.frequency],
    ];
    return named.filter(([, value]) => value).map(([name, value]) => `${name}: ${value}`);
  }

  function rowOf(customer) {
    return isReady && customer ? columns.id.indexOf(customer) : -1;
  }

  function drawChoice() {
    copier.hidden = Object.entries(filters.START).every(([key, value]) => state[key] === value);
    for (const [key, id] of Object.entries(FIELDS)) {
      const field = byId(id);
      if (field && field.value !== state[key]) field.value = state[key];
    }
    const scores = byId("scores-chosen");
    byId("filters-in-words").textContent = inWords().join("; ");
    scores.hidden = !state.recency && !state.frequency;
    scores.textContent = `Recency ${state.recency || "any"}, frequency ${state.frequency || "any"} ✕`;
    scores.setAttribute("aria-label", `Stop filtering by recency ${state.recency || "any"} and frequency ${state.frequency || "any"}`);
    for (const heading of document.querySelectorAll("#customers-table th[data-key]")) {
      if (heading.dataset.key !== state.sort) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
    }
  }

  // A new filter or sorting starts at the first page.
  function change(part, options) {
    places.go({ page: 1, ...part, customer: "" }, options);
  }

  // Shows the table at a place.
  function display(place) {
    const changed = Object.keys(filters.START).filter((key) => state[key] !== place[key]);
    state = place;
    if (!isReady) return;
    if (changed.some((key) => key !== "page")) rows = filters.choose(state);
    if (changed.length) {
      draw();
      byId("customers-scroll").scrollTop = 0;
    }
    byId("table-status").textContent = statusText();
  }

  function toView() {
    byId("customers").scrollIntoView();
  }

  // Shows only the customers of a chart or a link.
  function show(part) {
    if (!body) return;
    change({ ...filters.NONE, ...part });
    toView();
    byId("customers-scroll").focus({ preventScroll: true });
  }

  function sortBy(key) {
    const { isAscendingFirst } = settings.columns.find((column) => column.key === key);
    change({ sort: key, descending: state.sort === key ? !state.descending : !isAscendingFirst });
  }

  function prepare() {
    for (const heading of document.querySelectorAll("#customers-table th[data-key]")) {
      const button = element("button", "sorter", heading.textContent);
      button.type = "button";
      button.title = heading.title;
      heading.removeAttribute("title");
      heading.replaceChildren(button);
      button.addEventListener("click", () => sortBy(heading.dataset.key));
    }
    for (const [key, id] of Object.entries(FIELDS)) {
      const field = byId(id);
      const typing = field?.tagName === "INPUT" ? key : "";
      field?.addEventListener("input", () => change({ [key]: field.value }, { typing }));
      field?.addEventListener("blur", places.stopTyping);
    }
    byId("scores-chosen").after(copier);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("filter-clear").addEventListener("click", () => change({ ...filters.NONE }));
    byId("scores-chosen").addEventListener("click", () => change({ recency: "", frequency: "" }));
    byId("download").addEventListener("click", () => csv.download(rows));
    byId("page-back").addEventListener("click", () => change({ page: pageNow() - 1 }));
    byId("page-next").addEventListener("click", () => change({ page: pageNow() + 1 }));
    body.addEventListener("click", open);
  }

  function open(event) {
    const chosen = event.target.closest("tr[data-row]");
    if (!chosen || String(window.getSelection())) return;
    places.go({ customer: columns.id[Number(chosen.dataset.row)] });
  }

  async function start() {
    if (!body) return;
    prepare();
    try {
      await window.tillsight.loadCustomers();
    } catch (error) {
      byId("table-status").textContent = error.message;
      return;
    }
    isReady = true;
    rows = filters.choose(state);
    draw();
    places.showCustomers();
    document.documentElement.dataset.table = "ready";
  }

  return { start, show, display, toView, rowOf, element, segmentMark };
})();
