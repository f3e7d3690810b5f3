// Which customers are shown, and in which order. No page here.
"use strict";
window.tillsight.filters = (() => {
  const { settings, columns } = window.tillsight;
  const NONE = { search: "", segment: "", detail: "", country: "", least: "", most: "", recency: "", frequency: "" };
  const START = { ...NONE, sort: "monetary", descending: true, page: 1 };
  const ASCENDING_FIRST = new Set(["id", "name", "recency", "segment", "segment_detail"]);
  let haystack = null;

  function searchable() {
    if (!haystack) {
      haystack = columns.id.map((id, row) => `${id}\n${columns.name[row]}`.toLowerCase());
    }
    return haystack;
  }

  // Each test takes a row number; only those of a chosen filter are made.
  function tests(state) {
    const found = [];
    const code = (key, wanted) => found.push((row) => columns[key][row] === wanted);
    const names = settings.segments.map((segment) => segment.name);
    if (state.segment) code("segment", place(names, state.segment));
    if (state.detail) code("segment_detail", place(settings.details, state.detail));
    if (state.country) code("country", place(settings.countries, state.country));
    if (state.recency) code("recency_score", Number(state.recency));
    if (state.frequency) code("frequency_score", Number(state.frequency));
    if (isNumber(state.least)) found.push((row) => columns.probability[row] * 100 >= Number(state.least) - 1e-9);
    if (isNumber(state.most)) found.push((row) => columns.probability[row] * 100 <= Number(state.most) + 1e-9);
    const text = state.search.trim().toLowerCase();
    if (text) {
      const texts = searchable();
      found.push((row) => texts[row].includes(text));
    }
    return found;
  }

  // A name that is not there matches nobody; -2 stands for no code.
  function place(names, name) {
    const found = names.indexOf(name);
    return found < 0 ? -2 : found;
  }

  function isNumber(text) {
    return String(text).trim() !== "" && Number.isFinite(Number(text));
  }

  function choose(state) {
    const chosen = tests(state);
    const rows = [];
    for (let row = 0; row < columns.id.length; row += 1) {
      if (chosen.every((test) => test(row))) rows.push(row);
    }
    // The chunks hold the customers in this order already.
    if (state.sort === START.sort && state.descending === START.descending) return rows;
    return rows.sort(comparison(state.sort, state.descending));
  }

  const isNoCode = (value) => value < 0;

  // Customers without a value come last both ways; equals stand by id.
  function comparison(key, descending) {
    const sign = descending ? -1 : 1;
    const byId = (a, b) => columns.place[a] - columns.place[b];
    if (key === "id") return (a, b) => sign * byId(a, b);
    const values = columns[key];
    const isNone = { name: (value) => !value, segment: isNoCode, segment_detail: isNoCode }[key] || Number.isNaN;
    const compare = key === "name" ? compareText : (a, b) => a - b;
    return (a, b) => {
      const noneA = isNone(values[a]);
      const noneB = isNone(values[b]);
      if (noneA || noneB) return noneA - noneB || byId(a, b);
      return sign * compare(values[a], values[b]) || byId(a, b);
    };
  }

  // By code points, as a database compares.
  function compareText(a, b) {
    if (a === b) return 0;
    const length = Math.min(a.length, b.length);
    let index = 0;
    while (index < length && a[index] === b[index]) index += 1;
    if (index === length) return a.length - b.length;
    if (index && /[\uDC00-\uDFFF]/.test(a[index] + b[index])) index -= 1;
    return a.codePointAt(index) - b.codePointAt(index);
  }

  return { NONE, START, ASCENDING_FIRST, choose };
})();

// CSV as RFC 4180 has it, safe for spreadsheets: a text that begins like a formula gets a '.
window.tillsight.csv = (() => {
  const { settings, columns, format } = window.tillsight;
  const HEADING = ["customer_id", "name", "segment", "rfm_score", "purchase_probability"];

  function text(value) {
    const safe = /^[=+\-@\t\r\0]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function number(value) {
    return format.isNone(value) ? "" : String(value);
  }

  function line(row) {
    const segment = settings.segments[columns.segment[row]];
    return [
      text(columns.id[row]),
      text(columns.name[row]),
      text(segment ? segment.name : ""),
      number(columns.cell[row]),
      number(columns.probability[row]),
    ].join(",");
  }

  // In the order of the ids, whichever way the table is sorted: the bytes of 'tillsight export --no-email'.
  function download(rows) {
    const parts = [`${HEADING.join(",")}\r\n`];
    const byId = [...rows].sort((a, b) => columns.place[a] - columns.place[b]);
    for (const row of byId) parts.push(`${line(row)}\r\n`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type: "text/csv;charset=utf-8" }));
    link.download = "customers_filtered.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  return { download };
})();
