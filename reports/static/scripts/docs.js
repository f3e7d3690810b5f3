// The dialog of one table: description, columns, SQL, and its place in the lineage.
"use strict";
window.tillsight.docs = (() => {
  const { read, places } = window.tillsight;
  const dialog = document.getElementById("docs");
  let tables = null;

  function element(tag, className, ...content) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...content);
    return made;
  }

  function part(title, ...content) {
    return element("section", "drawer-part", element("h3", "", title), ...content);
  }

  function head(name, layer) {
    const title = element("h2", "", name);
    title.id = "docs-name";
    const close = element("button", "button", "Close");
    close.type = "button";
    close.addEventListener("click", () => dialog.close());
    return element("header", "drawer-head", element("div", "", title, element("p", "caption", layer)), close);
  }

  function links(names) {
    if (!names.length) return element("p", "caption", "–");
    const list = element("ul", "links");
    for (const name of names) {
      const link = element("a", "", name);
      link.href = `#docs=${encodeURIComponent(name)}`;
      list.append(element("li", "", link));
    }
    return list;
  }

  function columnsTable(columns) {
    const top = element("tr");
    for (const label of ["Column", "Type", "Unit", "Meaning"]) {
      const cell = element("th", "", label);
      cell.scope = "col";
      top.append(cell);
    }
    const lines = element("tbody");
    for (const [name, ...others] of columns) {
      const heading = element("th", "", name);
      heading.scope = "row";
      const line = element("tr", "", heading);
      others.forEach((text, index) => line.append(element("td", index === 2 ? "text" : "", text || "")));
      lines.append(line);
    }
    const box = element("div", "scroll", element("table", "", element("thead", "", top), lines));
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Columns");
    return box;
  }

  function sqlBox(sql) {
    const box = element("pre", "sql", element("code", "", sql));
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "SQL");
    return box;
  }

  function open(name) {
    tables ||= read("page-docs");
    const table = Object.hasOwn(tables, name) ? tables[name] : null;
    dialog.replaceChildren(head(name, table ? `Layer: ${table.layer}` : "There is no table of this name."));
    if (table) {
      dialog.append(part("Definition", element("p", "", table.description)));
      if (table.columns.length) dialog.append(part("Columns", columnsTable(table.columns)));
      if (table.sql) dialog.append(part("SQL of the dbt model", sqlBox(table.sql)));
      dialog.append(part("Reads", links(table.reads)), part("Read by", links(table.feeds)));
    }
    if (!dialog.open) dialog.showModal();
    else dialog.querySelector("button").focus();
    dialog.scrollTop = 0;
  }

  // A link to a definition is a step that keeps the filters.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#docs="]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    places.go({ docs: new URLSearchParams(link.getAttribute("href").slice(1)).get("docs") });
  });
  dialog.addEventListener("close", () => places.leave("docs"));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  return { open, close: () => dialog.close() };
})();
