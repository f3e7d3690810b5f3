// The table of customers: filters, sorting, pages, download. The address keeps the choice.
"use strict";
window.tillsight.table = (() => {
  const { settings, columns, format, filters, csv } = window.tillsight;
  const PAGE = 100;
  const byId = (id) => document.getElementById(id);
  const body = document.querySelector("#customers-table tbody");
  const FIELDS = { search: "filter-search", segment: "filter-segment", detail: "filter-detail", country: "filter-country", least: "filter-least", most: "filter-most" };
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

  function draw() {
    state.page = Math.min(state.page, pages());
    const first = (state.page - 1) * PAGE;
    const shown = rows.slice(first, first + PAGE);
    body.replaceChildren(...shown.map(line));
    if (!shown.length) {
      const cell = element("td", "empty", "No customer fits this choice.");
      cell.colSpan = 11;
      const only = element("tr");
      only.append(cell);
      body.replaceChildren(only);
    }
    byId("told").textContent = told();
    byId("page-told").textContent = shown.length
      ? `${format.number(first + 1)} to ${format.number(first + shown.length)} of ${format.number(rows.length)}`
      : "";
    byId("page-back").disabled = state.page === 1;
    byId("page-next").disabled = state.page === pages();
    byId("download").disabled = !rows.length;
    drawChoice();
  }

  function told() {
    const all = format.count(settings.customers, "customer");
    return rows.length === settings.customers ? `All ${all}.` : `${format.number(rows.length)} of ${all}.`;
  }

  function drawChoice() {
    for (const [key, id] of Object.entries(FIELDS)) {
      const field = byId(id);
      if (field && field.value !== state[key]) field.value = state[key];
    }
    const scores = byId("scores-chosen");
    scores.hidden = !state.recency && !state.frequency;
    scores.textContent = `Recency ${state.recency || "any"}, frequency ${state.frequency || "any"} ✕`;
    scores.setAttribute("aria-label", `Stop filtering by recency ${state.recency} and frequency ${state.frequency}`);
    for (const heading of document.querySelectorAll("#customers-table th[data-key]")) {
      if (heading.dataset.key !== state.sort) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
    }
  }

  function keepAddress() {
    const address = filters.toAddress(state);
    const page = window.location.href.split("#")[0];
    window.history.replaceState(null, "", address ? `${page}#${address}` : page);
  }

  // Take over a change of the choice; a new filter starts at the first page.
  function change(part, { keepPage = false } = {}) {
    state = { ...state, page: keepPage ? state.page : 1, ...part };
    if (!isReady) return;
    rows = filters.choose(state);
    draw();
    keepAddress();
  }

  // Show only the customers that a chart or a link names.
  function show(part) {
    change({ ...filters.NONE, ...part });
    byId("customers").scrollIntoView();
    byId("customers-scroll").focus({ preventScroll: true });
  }

  function turn(step) {
    state.page += step;
    draw();
    keepAddress();
    byId("customers-scroll").scrollTop = 0;
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
      byId(id)?.addEventListener("input", (event) => change({ [key]: event.target.value }));
    }
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("filter-clear").addEventListener("click", () => change({ ...filters.NONE }));
    byId("scores-chosen").addEventListener("click", () => change({ recency: "", frequency: "" }));
    byId("download").addEventListener("click", () => csv.download(rows));
    byId("page-back").addEventListener("click", () => turn(-1));
    byId("page-next").addEventListener("click", () => turn(1));
    body.addEventListener("click", open);
    window.addEventListener("hashchange", followAddress);
  }

  function open(event) {
    const chosen = event.target.closest("tr[data-row]");
    if (!chosen || String(window.getSelection())) return;
    setCustomer(columns.id[Number(chosen.dataset.row)]);
    window.tillsight.drawer.open(Number(chosen.dataset.row));
  }

  function setCustomer(id) {
    state.customer = id;
    keepAddress();
  }

  function followAddress() {
    const wanted = filters.fromAddress(window.location.hash);
    if (!wanted) return;
    change(wanted, { keepPage: true });
    byId("customers").scrollIntoView();
    const row = wanted.customer ? columns.id.indexOf(wanted.customer) : -1;
    if (row >= 0) window.tillsight.drawer.open(row);
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
    followAddress();
    document.documentElement.dataset.table = "ready";
  }

  return { start, show, setCustomer, element, segmentMark };
})();
