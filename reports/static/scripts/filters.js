// Selects and sorts the customers. Does not touch the page.
"use strict";
window.tillsight.filters = (() => {
  const { settings, columns } = window.tillsight;
  const NONE = { search: "", segment: "", detail: "", country: "", least: "", most: "", recency: "", frequency: "" };
  const START = { ...NONE, sort: "monetary", descending: true, page: 1 };
  let haystack = null;

  function searchable() {
    if (!haystack) {
      haystack = columns.id.map((id, row) => `${id}\n${columns.name[row]}`.toLowerCase());
    }
    return haystack;
  }

  // Returns a test of a row number for each active filter.
  function tests(state) {
    const found = [];
    const code = (key, wanted) => found.push((row) => columns[key][row] === wanted);
    if (state.segment) code("segment", codeOf("segment", state.segment));
    if (state.detail) code("segment_detail", codeOf("segment_detail", state.detail));
    if (state.country) code("country", codeOf("country", state.country));
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

  // An unknown name matches no customer: -1 is a missing name, -2 is never used.
  function codeOf(key, name) {
    const found = settings.names[key].indexOf(name);
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
    // The chunks are sorted in this order.
    if (state.sort === START.sort && state.descending === START.descending) return rows;
    return rows.sort(comparison(state.sort, state.descending));
  }

  // Missing values come last in both directions; ties are sorted by id.
  function comparison(key, descending) {
    const sign = descending ? -1 : 1;
    const byId = (a, b) => columns.place[a] - columns.place[b];
    if (key === "id") return (a, b) => sign * byId(a, b);
    const values = columns[key];
    const { format } = settings.columns.find((column) => column.key === key);
    const isMissing = { text: (value) => !value, name: (value) => value < 0 }[format] || Number.isNaN;
    const compare = format === "text" ? compareText : (a, b) => a - b;
    return (a, b) => {
      const missingA = isMissing(values[a]);
      const missingB = isMissing(values[b]);
      if (missingA || missingB) return missingA - missingB || byId(a, b);
      return sign * compare(values[a], values[b]) || byId(a, b);
    };
  }

  // Compares by code points, as SQLite does.
  function compareText(a, b) {
    if (a === b) return 0;
    const length = Math.min(a.length, b.length);
    let index = 0;
    while (index < length && a[index] === b[index]) index += 1;
    if (index === length) return a.length - b.length;
    if (index && /[\uDC00-\uDFFF]/.test(a[index] + b[index])) index -= 1;
    return a.codePointAt(index) - b.codePointAt(index);
  }

  return { NONE, START, choose };
})();
