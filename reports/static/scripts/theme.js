// Runs before the first paint: sets the theme, marks the page as running scripts, and lays out only
// the top of the page at first, unless the address names another place.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try {
      return window.localStorage.getItem("tillsight-theme");
    } catch {
      return null; // Without storage the theme follows the system.
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
