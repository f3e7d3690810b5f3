// The table of customers: filters, sorting, pages, download. Each choice is one step to a place.
"use strict";
window.tillsight.table = (() => {
  const { settings, columns, format, filters, csv, places, share } = window.tillsight;
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
    const segment = settings.segments[columns.segment[row]];
    return segment ? element("span", `segment segment-${segment.order}`, segment.name) : document.createTextNode(format.DASH);
  }

  function line(row) {
    const made = element("tr");
    made.dataset.row = row;
    const opener = element("button", "opener");
    opener.type = "button";
    opener.append(element("bdi", "", columns.name[row] || format.DASH));
    const cells = [
      ["id", columns.id[row]], ["name", opener],
      ["number", format.number(columns.recency[row])],
      ["number", format.number(columns.frequency[row])],
      ["number", format.money(columns.monetary[row])],
      ["number", format.number(columns.recency_score[row])],
      ["number", format.number(columns.frequency_score[row])],
      ["number", format.number(columns.monetary_score[row])],
      ["number", format.number(columns.cell[row])],
      ["", segmentMark(row)],
      ["", settings.details[columns.segment_detail[row]] || format.DASH],
      ["number", format.percent(columns.probability[row])],
    ];
    for (const [className, content] of cells) {
      const cell = element("td", className);
      cell.append(content);
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
      cell.colSpan = 12;
      const only = element("tr");
      only.append(cell);
      body.replaceChildren(only);
    }
    byId("page-told").textContent = shown.length
      ? `${format.number(first + 1)} to ${format.number(first + shown.length)} of ${format.number(rows.length)}`
      : "";
    byId("page-back").disabled = pageNow() === 1;
    byId("page-next").disabled = pageNow() === pages();
    byId("download").disabled = !rows.length;
    drawChoice();
    // The button that was pressed may be of no use now: the keyboard goes on from the table.
    if (pressed?.disabled || pressed?.hidden) byId("customers-scroll").focus({ preventScroll: true });
  }

  function told() {
    const all = format.count(settings.customers, "customer");
    const counted = rows.length === settings.customers ? `All ${all}.` : `${format.number(rows.length)} of ${all}.`;
    return [counted, ...missing()].join(" ");
  }

  // What a link names and this page has not; a name may be long, since a stranger may have typed it.
  function missing() {
    const named = [
      ["customer", state.customer, rowOf(state.customer) >= 0],
      ["segment", state.segment, settings.segments.some((segment) => segment.name === state.segment)],
      ["finer segment", state.detail, settings.details.includes(state.detail)],
      ["country", state.country, settings.countries.includes(state.country)],
    ];
    return named
      .filter(([, name, isThere]) => name && !isThere)
      .map(([kind, name]) => `There is no ${kind} ${name.slice(0, 60)} on this page.`);
  }

  // The filters in words: paper has no fields to read them from.
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
    byId("chosen").textContent = inWords().join("; ");
    scores.hidden = !state.recency && !state.frequency;
    scores.textContent = `Recency ${state.recency || "any"}, frequency ${state.frequency || "any"} ✕`;
    scores.setAttribute("aria-label", `Stop filtering by recency ${state.recency || "any"} and frequency ${state.frequency || "any"}`);
    for (const heading of document.querySelectorAll("#customers-table th[data-key]")) {
      if (heading.dataset.key !== state.sort) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
    }
  }

  // A change of the choice is a step to another place; a new filter starts at the first page.
  function change(part, options) {
    places.go({ page: 1, ...part, customer: "" }, options);
  }

  // Show the choice of a place; what is shown already stays as it is.
  function display(place) {
    const changed = Object.keys(filters.START).filter((key) => state[key] !== place[key]);
    state = place;
    if (!isReady) return;
    if (changed.some((key) => key !== "page")) rows = filters.choose(state);
    if (changed.length) {
      draw();
      byId("customers-scroll").scrollTop = 0;
    }
    byId("told").textContent = told();
  }

  function toView() {
    byId("customers").scrollIntoView();
  }

  // Show only the customers that a chart or a link names.
  function show(part) {
    if (!body) return;
    change({ ...filters.NONE, ...part });
    toView();
    byId("customers-scroll").focus({ preventScroll: true });
  }

  function sortBy(key) {
    const isSame = state.sort === key;
    change({ sort: key, descending: isSame ? !state.descending : !filters.ASCENDING_FIRST.has(key) });
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
      byId("told").textContent = error.message;
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
