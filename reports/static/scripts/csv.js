// Downloads the table as CSV (RFC 4180). A text that begins like a formula gets an apostrophe.
"use strict";
window.tillsight.csv = (() => {
  const { settings, columns, format } = window.tillsight;
  const HEADING = ["customer_id", "name", "segment", "rfm_score", "purchase_probability"];

  function text(value) {
    const safe = /^[=+\-@\t\r\0]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function number(value) {
    return format.isMissing(value) ? "" : String(value);
  }

  function line(row) {
    return [
      text(columns.id[row]),
      text(columns.name[row]),
      text(settings.names.segment[columns.segment[row]] ?? ""),
      number(columns.cell[row]),
      number(columns.probability[row]),
    ].join(",");
  }

  // Sorted by id, whatever the order of the table: the same bytes as 'tillsight export --no-email'.
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
