// Draws the charts from the JSON of the page when they come into view, in the colours of the theme.
"use strict";
window.tillsight.charts = (() => {
  const { read, load, settings, table } = window.tillsight;
  const { config, figures } = read("page-charts");
  const CLICKABLE = new Set(["segment-customers", "segment-revenue"]);
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const boxes = [...document.querySelectorAll("[data-chart]")];
  const drawn = new Set();

  // On a phone, fewer ticks fit, and bars leave room for their labels.
  function narrowed(axis) {
    const made = { ...axis };
    if (/^M\d/.test(axis.dtick)) made.dtick = `M${3 * Number(axis.dtick.slice(1))}`;
    if (axis.tickvals) {
      const last = axis.tickvals.length - 1;
      made.tickvals = axis.tickvals.filter((_, index) => (last - index) % 2 === 0);
      made.ticktext = axis.ticktext.filter((_, index) => (last - index) % 2 === 0);
    }
    if (axis.range && axis.range[1] > 1.1) made.range = [axis.range[0], 1.7 * axis.range[1]];
    return made;
  }

  function themed(layout, box) {
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = (own) => ({ ...own, gridcolor: colour("--line"), linecolor: colour("--line-strong"), tickfont: { size: 12 }, title: { ...own.title, font: { size: 12.5, color: colour("--soft") } } });
    const made = {
      ...layout,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: FONT, size: 12.5, color: colour("--soft") },
      hoverlabel: { bgcolor: colour("--ink"), bordercolor: colour("--ink"), align: "left", font: { family: FONT, size: 12.5, color: colour("--card") } },
    };
    if (layout.xaxis) made.xaxis = axis(box.clientWidth < 480 ? narrowed(layout.xaxis) : layout.xaxis);
    if (layout.yaxis) made.yaxis = axis(layout.yaxis);
    return made;
  }

  // The dark theme mixes every colour with white, as the style sheet does for segments.
  function lightened(colour) {
    const mixed = (part) => Math.round(0.65 * part + 0.35 * 255);
    const hex = /^#(..)(..)(..)$/.exec(colour);
    if (hex) return `rgb(${hex.slice(1).map((part) => mixed(parseInt(part, 16))).join(", ")})`;
    const faded = /^rgba\((\d+), (\d+), (\d+), (.+)\)$/.exec(colour);
    return faded ? `rgba(${faded.slice(1, 4).map(mixed).join(", ")}, ${faded[4]})` : colour;
  }

  function coloured(value, key = "") {
    if (Array.isArray(value)) return value.map((one) => coloured(one, key));
    if (typeof value === "string") return key.endsWith("color") ? lightened(value) : value;
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, coloured(own, name)]));
  }

  // Lines between bars and labels of flows take the colours of the theme.
  function themedTraces(given) {
    const style = getComputedStyle(document.documentElement);
    const traces = document.documentElement.dataset.theme === "dark" ? coloured(given) : given;
    return traces.map((trace) => {
      if (trace.meta === "separated") {
        const line = { ...trace.marker.line, color: style.getPropertyValue("--card").trim() };
        return { ...trace, marker: { ...trace.marker, line } };
      }
      if (trace.type !== "sankey") return trace;
      return { ...trace, textfont: { family: FONT, size: 13, color: style.getPropertyValue("--ink").trim(), shadow: "none" } };
    });
  }

  function draw(box) {
    if (!window.Plotly || drawn.has(box)) return null;
    drawn.add(box);
    const figure = figures[box.dataset.chart];
    const done = window.Plotly.newPlot(box, themedTraces(figure.data), themed(figure.layout, box), config);
    if (CLICKABLE.has(box.dataset.chart)) {
      box.on("plotly_click", (event) => table.show({ segment: String(event.points[0].y) }));
    }
    box.dataset.drawn = "yes";
    return done;
  }

  function redraw() {
    for (const box of drawn) {
      const figure = figures[box.dataset.chart];
      window.Plotly.react(box, themedTraces(figure.data), themed(figure.layout, box), config);
    }
  }

  async function start() {
    if (!boxes.length) return;
    await load(settings.plotly);
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          seen.unobserve(entry.target);
          draw(entry.target);
        }
      }
    }, { rootMargin: "300px 0px" });
    for (const box of boxes) seen.observe(box);
    document.addEventListener("tillsight-theme", redraw);
  }

  // A chart inside closed details is not printed and cannot be drawn.
  function visibleBoxes() {
    return boxes.filter((box) => !box.closest("details:not([open])"));
  }

  // Print draws a chart at the width of a screen; the style sheet scales it down.
  function toPaper() {
    if (!window.Plotly) return;
    for (const box of visibleBoxes()) {
      draw(box);
      const isHalf = box.closest(".columns") && !box.closest(".span, .card:has(details[open])");
      resize(box, { width: isHalf ? 470 : 995, height: box.clientHeight });
    }
  }

  function toScreen() {
    for (const box of visibleBoxes()) {
      if (drawn.has(box)) resize(box, { width: null, height: null, autosize: true });
    }
  }

  // A Sankey chart resizes with an animation, for which print does not wait: draw it anew.
  function resize(box, size) {
    const { data, layout } = figures[box.dataset.chart];
    if (data[0].type !== "sankey") window.Plotly.relayout(box, size);
    else window.Plotly.newPlot(box, themedTraces(data), { ...themed(layout, box), ...size }, config);
  }

  return { start, toPaper, toScreen };
})();
