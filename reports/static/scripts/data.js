// Loads the customers, column by column, and their profiles. A page on disk may load scripts, but
// not fetch files, so the data comes in scripts.
"use strict";
window.tillsight = (() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const settings = read("page-settings");
  const scores = settings.columns.filter((column) => column.format === "score");
  const sent = settings.columns.filter((column) => column.format !== "score");
  const columns = { place: new Float64Array(settings.customers) };
  const profiles = new Map();
  const waiting = new Map();

  for (const { key, format } of settings.columns) {
    columns[key] = format === "text" ? [] : new Float64Array(settings.customers);
  }

  // A missing number is NaN, a missing name is -1.
  function addCustomers(number, chunk) {
    waiting.set(number, chunk);
    while (waiting.has(loaded.chunks)) {
      const next = waiting.get(loaded.chunks);
      waiting.delete(loaded.chunks);
      append(next);
      loaded.chunks += 1;
    }
    if (loaded.chunks === settings.chunks) loaded.done();
  }

  const loaded = { chunks: 0, rows: 0, done: () => {} };

  function append(chunk) {
    const start = loaded.rows;
    for (const { key, format } of sent) {
      if (format === "text") for (const text of chunk[key]) columns[key].push(text);
      else columns[key].set(chunk[key].map((value) => (value === null ? NaN : value)), start);
    }
    columns.place.set(chunk.place, start);
    // Each score is a digit of the RFM cell.
    scores.forEach(({ key }, index) => {
      const unit = 10 ** (scores.length - 1 - index);
      for (let row = start; row < columns.id.length; row += 1) {
        columns[key][row] = Math.floor(columns.cell[row] / unit) % 10;
      }
    });
    loaded.rows += chunk.id.length;
  }

  // The value of a customer in a column; null where it is missing.
  function valueOf({ key, format }, row) {
    const value = columns[key][row];
    if (format === "text") return value || null;
    if (format === "name") return settings.names[key][value] ?? null;
    return Number.isNaN(value) ? null : value;
  }

  // The values of a customer by column.
  function customer(row) {
    return Object.fromEntries(settings.columns.map((column) => [column.key, valueOf(column, row)]));
  }

  // A single-file page holds the data in compressed elements.
  async function load(name) {
    const held = document.querySelector(`script[data-file="${name}"]`);
    if (!held) return loadBeside(name);
    const text = await unpacked(held.textContent);
    const [, kind, number] = /(customers|profiles)-(\d+)\.js$/.exec(name) || [];
    if (kind === "customers") return addCustomers(Number(number), JSON.parse(text));
    if (kind === "profiles") return addProfiles(Number(number), JSON.parse(text));
    return run(text);
  }

  async function unpacked(text) {
    const bytes = Uint8Array.from(window.atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new window.DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  // The content security policy allows this text by its hash.
  function run(text) {
    const script = document.createElement("script");
    script.textContent = text;
    document.head.append(script);
  }

  function loadBeside(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = name;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error(`The file ${name} is missing. Reload the page if it was rebuilt; if it was copied, copy its whole folder.`)));
      document.head.append(script);
    });
  }

  function loadCustomers() {
    return new Promise((resolve, reject) => {
      loaded.done = () => resolve(columns);
      if (!settings.chunks) resolve(columns);
      for (let number = 0; number < settings.chunks; number += 1) {
        load(`${settings.folder}/customers-${number}.js`).catch(reject);
      }
    });
  }

  function addProfiles(number, data) {
    profiles.set(number, data);
  }

  // The profile of one customer: fields by name, reasons, and orders, latest first.
  async function loadProfile(place) {
    const number = Math.floor(place / settings.profilesPerChunk);
    if (!profiles.has(number)) await load(`${settings.folder}/profiles-${number}.js`);
    const data = profiles.get(number);
    const row = place % settings.profilesPerChunk;
    const fields = Object.fromEntries(data.fields.map((name, index) => [name, data.rows[row][index]]));
    const orders = data.orders[row].map(([id, date, gross, returned, net, lines, quantity, products]) => ({
      id, date, gross, returned, net, lines, quantity, products: products.map((index) => data.products[index]),
    }));
    return { ...fields, reasons: data.reasons[row], orders };
  }

  return { settings, columns, valueOf, customer, read, load, addCustomers, addProfiles, loadCustomers, loadProfile };
})();
