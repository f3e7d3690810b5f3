// Runs before the first paint: choose the theme, and let the styles know that scripts run.
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
  dark.addEventListener("change", follow);
  follow();
})();
