// Everything that a reader can read on the page, as plain values: `html` is the page as it lies on
// the disk, or null for the page as it stands in the browser.
(html) => {
  const root = html === null ? document : new DOMParser().parseFromString(html, "text/html");
  const clean = (text) => text.replace(/\s+/g, " ").trim();
  const OUTSIDE = "dialog, script, style, svg, [data-chart], #model-card, .action-lists";
  const isRead = (element) => !element.closest(OUTSIDE);

  // The text of an element without what stands small below it.
  function own(element) {
    const copy = element.cloneNode(true);
    for (const part of copy.querySelectorAll(".interval, small, .unseen, .move, #age")) part.remove();
    return clean(copy.textContent);
  }

  function below(element) {
    return [...element.querySelectorAll(".interval, small")].map((one) => clean(one.textContent)).join(" ");
  }

  function cell(element) {
    const measures = [...element.querySelectorAll("[data-measure]")].map((one) => [one.dataset.measure, {
      text: clean(one.textContent), shade: shade(one), isHidden: one.hidden,
      scores: [Number(one.dataset.recency), Number(one.dataset.frequency)],
    }]);
    return {
      text: own(element),
      raw: element.textContent,
      below: below(element),
      title: element.title,
      mark: clean([...element.querySelectorAll(".move .unseen")].map((one) => one.textContent).join("")),
      shade: shade(element),
      link: element.querySelector("a")?.getAttribute("href") || "",
      measures: Object.fromEntries(measures),
    };
  }

  function shade(element) {
    const found = /shade-(\d)/.exec(element.className);
    return found ? Number(found[1]) : null;
  }

  function nameOf(table) {
    const box = table.closest("figure")?.querySelector("[data-chart]");
    if (table.closest("#model-card")) return "model card";
    const name = box ? `chart: ${box.dataset.chart}` : clean(table.caption?.textContent || "a table without a caption");
    return table.classList.contains("heat") ? `heat map: ${name}` : name;
  }

  function tableOf(table) {
    const head = [...(table.tHead?.rows || [])].at(-1);
    return {
      name: nameOf(table),
      heads: [...(head?.cells || [])].map(own),
      groups: table.tHead?.rows.length > 1 ? [...table.tHead.rows[0].cells].map((one) => [own(one), one.colSpan]) : [],
      rows: [...(table.tBodies[0]?.rows || [])].map((row) => [...row.cells].map(cell)),
    };
  }

  function factsOf(list) {
    const box = list.closest("details, .card, dialog, section");
    const heading = box?.querySelector("summary, h2, h3, h4");
    return {
      name: clean(heading?.textContent || "facts without a heading"),
      pairs: [...list.querySelectorAll("dt")].map((one) => [clean(one.textContent), clean(one.nextElementSibling.textContent)]),
    };
  }

  function kpiOf(card) {
    const text = (part) => clean(card.querySelector(`.kpi-${part}`).textContent);
    const note = card.querySelector(".kpi-note");
    return {
      label: text("label"), value: text("value"), note: text("note"), tone: note.className.replace("kpi-note", "").trim(),
      spark: card.querySelector("polyline")?.getAttribute("points") || "",
    };
  }

  function traceOf(trace) {
    const { type, name, mode, x, y, base, text, customdata, hovertemplate, error_x, node, link, orientation } = trace;
    return { type, name, mode, x, y, base, text, customdata, hovertemplate, error_x, node, link, orientation };
  }

  function chartOf(box) {
    return {
      name: box.dataset.chart,
      label: box.getAttribute("aria-label"),
      traces: (box.data || []).map(traceOf),
      shapes: ((box.layout || {}).shapes || []).map(({ x0, x1 }) => [x0, x1]),
      points: box.querySelectorAll(".barlayer .point, .scatterlayer .points .point").length,
      lines: box.querySelectorAll(".scatterlayer .js-line").length,
      nodes: box.querySelectorAll(".sankey-node").length,
      links: box.querySelectorAll(".sankey-link").length,
    };
  }

  // The lineage is told as pairs of boxes: where a line begins and where it ends.
  function pictureOf(svg) {
    const boxes = [...svg.querySelectorAll("a")].map((link) => {
      const [x, y, width, height] = ["x", "y", "width", "height"].map((key) => Number(link.querySelector("rect").getAttribute(key)));
      return { name: clean(link.textContent), href: link.getAttribute("href"), layer: link.getAttribute("class"), x: x + width / 2, y, foot: y + height };
    });
    const at = (x, y, edge) => boxes.find((box) => box.x === x && box[edge] === y)?.name;
    const lines = [...svg.querySelectorAll("path")].map((path) => {
      const numbers = path.getAttribute("d").match(/-?[\d.]+/g).map(Number);
      return [at(numbers[0], numbers[1], "foot"), at(numbers.at(-2), numbers.at(-1), "y")];
    });
    return { name: svg.getAttribute("class") || svg.id, boxes, lines };
  }

  function actionListOf(link) {
    return {
      name: clean(link.querySelector("strong").textContent),
      size: clean(link.querySelector(".action-list-size").textContent),
      action: clean(link.querySelector(".caption").textContent),
      address: link.getAttribute("href"),
    };
  }

  // A sentence belongs to the innermost block that holds its text.
  const BLOCKS = "h1, h2, h3, h4, h5, h6, p, li, summary, legend, .chip, #table-status, #page-status, figcaption";
  function sentences() {
    return [...root.body.querySelectorAll(BLOCKS)]
      .filter((one) => isRead(one) && !one.closest("table, dl, .kpi") && !one.querySelector(BLOCKS))
      .map((one) => ({ text: own(one), isHeading: one.matches("h3, h4, .verdict-label") }));
  }

  return {
    title: root.title,
    kpis: [...root.querySelectorAll(".kpi")].map(kpiOf),
    tables: [...root.querySelectorAll("table")].filter((one) => !one.closest("dialog")).map(tableOf),
    facts: [...root.querySelectorAll("dl")].filter((one) => !one.closest("dialog")).map(factsOf),
    charts: [...root.querySelectorAll("[data-chart]")].map(chartOf),
    sentences: sentences(),
    actionLists: [...root.querySelectorAll(".action-lists a")].map(actionListOf),
    pictures: [...root.querySelectorAll("svg")].filter((one) => isRead(one.parentElement) && !one.closest(".kpi, #js-plotly-tester")).map(pictureOf),
    options: [...root.querySelectorAll("select")].map((one) => [one.id, [...one.options].map((option) => option.textContent)]),
  };
}
