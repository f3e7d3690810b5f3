// What the drawer of a customer shows, as plain values.
() => {
  const drawer = document.getElementById("drawer");
  const clean = (text) => text.replace(/\s+/g, " ").trim();
  const texts = (part, selector) => [...part.querySelectorAll(selector)].map((one) => clean(one.textContent));
  const bars = [...drawer.querySelectorAll("svg.history rect")];
  const marks = [...drawer.querySelectorAll("svg.meter rect")].map((one) => Number(one.getAttribute("width")));
  return {
    name: clean(drawer.querySelector("h2").textContent),
    segment: texts(drawer, "header .segment"),
    parts: Object.fromEntries([...drawer.querySelectorAll("section")].map((part) => [clean(part.querySelector("h3").textContent), {
      facts: [...part.querySelectorAll("dt")].map((one) => [clean(one.textContent), clean(one.nextElementSibling.textContent)]),
      bullets: texts(part, "li"),
      lines: texts(part, "p"),
      heads: texts(part, "th"),
      rows: [...part.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => clean(cell.textContent))),
    }])),
    meter: marks,
    bars: bars.map((one) => [Number(one.getAttribute("x")), Number(one.getAttribute("height"))]),
  };
}
