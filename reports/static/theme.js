// Runs before the first paint: choose the theme, let the styles know that scripts run, and have
// only the top of the page laid out at first, unless the reader goes straight to another place.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try {
      return window.localStorage.getItem("tillsight-theme");
    } catch {
      return null; // Storage is closed to this page: follow the system.
    }
  };
  const follow = () => {
    root.dataset.theme = stored() || (dark.matches ? "dark" : "light");
    document.dispatchEvent(new Event("tillsight-theme"));
  };
  root.classList.add("js");
  if (!window.location.hash && window.history.state === null) root.classList.add("top-first");
  dark.addEventListener("change", follow);
  follow();
})();
