// The dialog of one customer: forecast and reasons, recommended action, scores, profile, orders.
"use strict";
window.tillsight.drawer = (() => {
  const { settings, columns, customer, format, table, places, share } = window.tillsight;
  const { element } = table;
  const dialog = document.getElementById("drawer");
  const SVG = "http://www.w3.org/2000/svg";
  let shown = -1;

  function facts(pairs) {
    const list = element("dl", "facts");
    for (const [name, value] of pairs) {
      const pair = element("div");
      pair.append(element("dt", "", name), element("dd", "", value));
      list.append(pair);
    }
    return list;
  }

  function part(title, ...content) {
    const made = element("section", "drawer-part");
    made.append(element("h3", "", title), ...content);
    return made;
  }

  function bullets(texts) {
    const list = element("ul");
    for (const text of texts) list.append(element("li", "", text));
    return list;
  }

  function drawn(name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function profilePart(row, profile) {
    const values = { ...customer(row), ...profile };
    return part("Profile", facts(settings.profile.map(({ key, label, format: name }) => [label, format.write(name, values[key])])));
  }

  function receiptPart(row, profile) {
    if (Number.isNaN(columns.recency_score[row])) {
      return part("Scores", element("p", "caption", "No order yet, so there are no scores."));
    }
    const receipt = (letter, measure, own, write, unit) => {
      const score = columns[`${measure}_score`][row];
      const reach = `${write(profile[`${measure}_lowest`])} to ${write(profile[`${measure}_highest`])}`;
      return `${letter} = ${score}: ${own}; quartile ${score} is ${reach}${unit}.`;
    };
    const [recency, frequency, monetary] = ["recency", "frequency", "monetary"].map((key) => columns[key][row]);
    const scores = ["recency", "frequency", "monetary"].map((key) => columns[`${key}_score`][row]);
    const sum = element("p", "", `${scores.join(" + ")} = ${profile.overall_rfm_score}: `);
    sum.append(table.segmentMark(row));
    const detail = settings.names.segment_detail[columns.segment_detail[row]];
    const before = profile.previous_segment || "not yet a customer";
    return part(
      "Scores",
      bullets([
        receipt("R", "recency", `last order ${format.count(recency, "day")} ago`, (value) => format.number(value), " days"),
        receipt("F", "frequency", format.count(frequency, "order"), (value) => format.number(value), ""),
        receipt("M", "monetary", format.money(monetary), (value) => format.money(value), ""),
      ]),
      sum,
      element("p", "caption", `Finer segment: ${detail || format.dash}. ${settings.horizon} days earlier: ${before}.`),
    );
  }

  function meter(full) {
    const picture = drawn("svg", { class: "meter", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" });
    picture.append(drawn("rect", { width: 100, height: 4 }), drawn("rect", { width: 100 * full, height: 4 }));
    return picture;
  }

  function forecastPart(row, profile) {
    const probability = columns.probability[row];
    if (Number.isNaN(probability)) {
      return part("Forecast", element("p", "caption", "There is no forecast for this customer."));
    }
    const label = profile.predicted_label ? "Worth contacting: at or above" : "Not marked for contact: below";
    const when = `${label} the threshold of ${format.share(settings.threshold)}. Made as of ${format.day(profile.prediction_date)}.`;
    return part(
      `Probability of an order in the next ${settings.horizon} days`,
      element("p", "figure", format.share(probability)),
      meter(probability),
      element("p", "caption", when),
      bullets(profile.reasons),
    );
  }

  // A bar for each order over time; the table below has the same values.
  function history(orders) {
    const days = orders.map((order) => Date.parse(order.date) / 864e5);
    const first = Math.min(...days);
    const reach = Math.max(...days) - first || 1;
    const most = Math.max(...orders.map((order) => order.gross), 1);
    const picture = drawn("svg", { class: "history", viewBox: "0 0 400 80", preserveAspectRatio: "none", "aria-hidden": "true" });
    picture.append(drawn("line", { x1: 0, x2: 400, y1: 79.5, y2: 79.5 }));
    orders.forEach((order, index) => {
      const height = Math.max(2, (76 * order.gross) / most);
      picture.append(drawn("rect", { x: (393 * (days[index] - first)) / reach, y: 79 - height, width: 6, height, rx: 1.5 }));
    });
    return picture;
  }

  function orderLine(order, hasReturns, hasProducts) {
    const line = element("tr");
    line.append(
      element("td", "", format.day(order.date)),
      element("td", "number", format.money(order.gross)),
      ...(hasReturns ? [element("td", "number", order.returned ? format.money(order.returned) : format.dash)] : []),
      element("td", "number", format.number(order.quantity)),
    );
    if (hasProducts) {
      const more = order.lines - order.products.length;
      const text = order.products.join("; ") + (more > 0 ? `; and ${format.count(more, "more line")}` : "");
      line.append(element("td", "products", text));
    }
    return line;
  }

  // The number of listed orders, and the returns outside of them.
  function listed({ orders, order_count: all, returned_amount: returned }) {
    if (orders.length < all) return `The latest ${format.number(orders.length)} of ${format.number(all)} orders.`;
    const counted = all ? format.count(all, "order") : "No orders yet";
    const separate = orders.reduce((sum, order) => sum - order.returned, returned);
    return separate < -0.005 ? `${counted}; returns of ${format.money(-separate)} have separate invoices.` : `${counted}.`;
  }

  function ordersPart(profile) {
    const { orders } = profile;
    const counted = element("p", "caption", listed(profile));
    if (!orders.length) return part("Orders", counted);
    const hasProducts = orders.some((order) => order.products.length);
    const hasReturns = orders.some((order) => order.returned);
    const headings = ["Date", "Amount", ...(hasReturns ? ["Returned"] : []), "Items", ...(hasProducts ? ["Products"] : [])];
    const list = element("table");
    const labels = element("tr");
    headings.forEach((text, index) => {
      const cell = element("th", index > 0 && text !== "Products" ? "number" : "", text);
      cell.scope = "col";
      labels.append(cell);
    });
    const top = element("thead");
    top.append(labels);
    const lines = element("tbody");
    lines.append(...orders.map((order) => orderLine(order, hasReturns, hasProducts)));
    list.append(top, lines);
    const box = element("div", "scroll");
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Orders");
    box.append(list);
    return part("Orders", counted, history(orders), box);
  }

  function head(row) {
    const made = element("header", "drawer-head");
    const words = element("div");
    const name = element("h2");
    name.id = "drawer-name";
    name.append(element("bdi", "", columns.name[row] || columns.id[row]));
    words.append(name, table.segmentMark(row));
    const detail = settings.names.segment_detail[columns.segment_detail[row]];
    if (detail) words.append(element("span", "finer", ` · ${detail}`));
    const tools = element("div", "drawer-tools");
    const close = element("button", "button", "Close");
    close.type = "button";
    close.addEventListener("click", () => dialog.close());
    tools.append(share.control("button", () => ({ customer: columns.id[row] })), close);
    made.append(words, tools);
    return made;
  }

  // Opens the customer of a row; -1 closes the dialog.
  async function show(row) {
    if (!dialog) return;
    shown = row;
    if (row < 0) {
      dialog.close();
      return;
    }
    dialog.replaceChildren(head(row));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    try {
      const profile = await window.tillsight.loadProfile(columns.place[row]);
      if (shown !== row) return;
      const action = part("Recommended action", element("p", "", profile.recommended_action || format.dash));
      dialog.append(forecastPart(row, profile), action, receiptPart(row, profile), profilePart(row, profile), ordersPart(profile));
    } catch (error) {
      dialog.append(part("Profile", element("p", "", error.message)));
    }
  }

  // The event comes late: another customer may be open by then.
  dialog?.addEventListener("close", () => {
    if (!dialog.open) places.leave("customer");
  });
  dialog?.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  return { show };
})();
