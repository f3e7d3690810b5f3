// Writes numbers and days in the formats that Python declares in the settings of the page.
"use strict";
window.tillsight.format = (() => {
  const { numbers, dash, minus, rounding, months } = window.tillsight.settings.formats;
  const isMissing = (value) => value === null || value === undefined || Number.isNaN(value);
  const grouped = [0, 1, 2].map((decimals) => new Intl.NumberFormat("en-GB", {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  }));

  // Halves are rounded away from zero, with the same arithmetic as in Python.
  function number(value, { decimals, prefix, suffix, factor } = numbers.whole) {
    if (isMissing(value)) return dash;
    const scaled = Math.floor(Math.abs(value * factor) * 10 ** decimals + 0.5 + rounding);
    const sign = value < 0 && scaled ? minus : "";
    return `${sign}${prefix}${grouped[decimals].format(scaled / 10 ** decimals)}${suffix}`;
  }

  function day(date) {
    if (!date) return dash;
    const [year, month, dayOfMonth] = date.slice(0, 10).split("-");
    return `${Number(dayOfMonth)} ${months[Number(month) - 1]} ${year}`;
  }

  function count(value, one, many = `${one}s`) {
    return `${number(value)} ${value === 1 ? one : many}`;
  }

  // The value of a column or of a fact, by the name of its format.
  function write(name, value) {
    if (name === "day") return day(value);
    return name in numbers ? number(value, numbers[name]) : value || dash;
  }

  const money = (value) => number(value, numbers.money);
  const share = (value) => number(value, numbers.share);

  return { dash, isMissing, number, money, share, day, count, write };
})();
