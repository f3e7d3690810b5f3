// The customers as columns, loaded chunk by chunk: a page on disk may load scripts, not fetch files.
"use strict";
window.tillsight = (() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const settings = read("page-settings");
  const NUMBERS = ["recency", "frequency", "monetary", "cell", "probability"];
  const SCORES = ["recency_score", "frequency_score", "monetary_score"];
  const CODES = ["segment", "segment_detail", "country"];
  const columns = { id: [], name: [] };
  const profiles = new Map();
  const waiting = new Map();

  for (const key of [...NUMBERS, ...SCORES, ...CODES, "place"]) {
    columns[key] = new Float64Array(settings.customers);
  }

  // Numbers without a value are NaN, codes without one are -1.
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
    for (const id of chunk.id) columns.id.push(id);
    for (const name of chunk.name) columns.name.push(name);
    for (const key of NUMBERS) {
      const values = chunk[key];
      const target = columns[key];
      for (let row = 0; row < values.length; row += 1) {
        target[start + row] = values[row] === null ? NaN : values[row];
      }
    }
    for (const key of [...CODES, "place"]) columns[key].set(chunk[key], start);
    for (let row = start; row < columns.id.length; row += 1) {
      const cell = columns.cell[row];
      columns.recency_score[row] = Math.floor(cell / 100);
      columns.frequency_score[row] = Math.floor(cell / 10) % 10;
      columns.monetary_score[row] = cell % 10;
    }
    loaded.rows += chunk.id.length;
  }

  // A single file holds the others in elements of the page, compressed.
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

  // The policy of the page allows this text by its hash.
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
      script.addEventListener("error", () => reject(new Error(`The file ${name} is missing. If the page was made anew meanwhile, load it again; if it was copied, copy its whole folder.`)));
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

  // The profile of one customer: fields by name, reasons, and orders, the latest first.
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

  return { settings, columns, read, load, addCustomers, addProfiles, loadCustomers, loadProfile };
})();

// Numbers, money and days as a reader sees them; the same as on the rest of the page.
window.tillsight.format = (() => {
  const { settings } = window.tillsight;
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const DASH = "–";
  const isNone = (value) => value === null || value === undefined || Number.isNaN(value);
  const grouped = [0, 1, 2].map((decimals) => new Intl.NumberFormat("en-GB", {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  }));

  function number(value, decimals = 0) {
    if (isNone(value)) return DASH;
    const digits = grouped[decimals].format(Math.abs(value));
    return value < 0 && /[1-9]/.test(digits) ? `−${digits}` : digits;
  }

  function money(value, decimals = 2) {
    if (isNone(value)) return DASH;
    const text = number(value, decimals);
    return text.startsWith("−") ? `−${settings.currency}${text.slice(1)}` : settings.currency + text;
  }

  function percent(share, decimals = 1) {
    return isNone(share) ? DASH : `${number(100 * share, decimals)}%`;
  }

  function day(date) {
    if (!date) return DASH;
    const [year, month, dayOfMonth] = date.slice(0, 10).split("-");
    return `${Number(dayOfMonth)} ${MONTHS[Number(month) - 1]} ${year}`;
  }

  function count(value, one, many = `${one}s`) {
    return `${number(value)} ${value === 1 ? one : many}`;
  }

  return { DASH, isNone, number, money, percent, day, count };
})();
