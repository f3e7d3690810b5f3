// Theme, age of the data, navigation, score grid, print. Starts all other scripts.
"use strict";
(() => {
  const { settings, format, table, charts, places } = window.tillsight;
  const root = document.documentElement;

  function prepareTheme() {
    const button = document.getElementById("theme-switch");
    const other = () => (root.dataset.theme === "dark" ? "light" : "dark");
    const name = () => {
      button.textContent = other() === "dark" ? "Dark theme" : "Light theme";
    };
    const choose = (theme) => {
      root.dataset.theme = theme;
      document.dispatchEvent(new Event("tillsight-theme"));
    };
    document.addEventListener("tillsight-theme", name);
    name();
    button.addEventListener("click", () => {
      const wanted = other();
      try {
        window.localStorage.setItem("tillsight-theme", wanted);
      } catch {
        // Without storage the choice is lost when the page is closed.
      }
      choose(wanted);
    });
    preparePaper(choose);
  }

  function preparePaper(choose) {
    let before = root.dataset.theme;
    window.addEventListener("beforeprint", () => {
      before = root.dataset.theme;
      choose("light");
      charts.toPaper();
    });
    window.addEventListener("afterprint", () => {
      charts.toScreen();
      choose(before);
    });
  }

  // The time since the as-of date by the reader's clock, in whole days, months or years.
  function age(asOf, now) {
    const [year, month, day] = asOf.split("-").map(Number);
    const days = (Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()) - Date.UTC(year, month - 1, day)) / 864e5;
    const months = 12 * (now.getFullYear() - year) + now.getMonth() + 1 - month - (now.getDate() < day ? 1 : 0);
    if (days < 1) return "";
    if (days < 60) return `${format.count(days, "day")} ago`;
    if (months < 24) return `${format.count(months, "month")} ago`;
    return `${format.count(Math.floor(months / 12), "year")} ago`;
  }

  function prepareAge() {
    const text = settings.asOf ? age(settings.asOf, new Date()) : "";
    const place = document.getElementById("age");
    place.textContent = text && `· ${text}`;
    place.hidden = !text;
  }

  function prepareNavigation() {
    const links = new Map([...document.querySelectorAll(".sections a")].map((link) => [link.hash.slice(1), link]));
    const mark = (id) => {
      for (const [part, link] of links) {
        if (part === id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) mark(entry.target.id);
    }, { rootMargin: "-20% 0px -75% 0px" });
    for (const id of links.keys()) {
      const part = document.getElementById(id);
      if (part) seen.observe(part);
    }
  }

  function prepareLinks() {
    for (const link of document.querySelectorAll("a[data-filter]")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        table.show({ [link.dataset.filter]: link.dataset.value });
      });
    }
    const grid = document.getElementById("score-grid");
    if (!grid) return;
    grid.addEventListener("click", (event) => {
      const cell = event.target.closest("button.cell");
      if (cell) table.show({ recency: cell.dataset.recency, frequency: cell.dataset.frequency });
    });
    grid.addEventListener("change", (event) => {
      for (const cell of grid.querySelectorAll(".cell")) cell.hidden = cell.dataset.measure !== event.target.value;
    });
    for (const cell of grid.querySelectorAll("button.cell")) {
      const { recency, frequency } = cell.dataset;
      cell.setAttribute("aria-label", `${cell.textContent}: customers of recency ${recency} and frequency ${frequency}`);
    }
  }

  prepareTheme();
  prepareAge();
  prepareNavigation();
  prepareLinks();
  places.start();
  table.start().finally(() => {
    root.classList.remove("top-first");
    charts.start();
  });
})();
