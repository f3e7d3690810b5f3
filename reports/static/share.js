// Links to mail: onto the clipboard; where the browser refuses that, into a field to copy from.
"use strict";
window.tillsight.share = (() => {
  const { places } = window.tillsight;
  const SECONDS_TOLD = 4;

  function field(link) {
    const made = document.createElement("input");
    made.readOnly = true;
    made.value = link;
    made.setAttribute("aria-label", "Link to copy");
    made.addEventListener("blur", () => made.remove());
    return made;
  }

  async function copy(link, told) {
    try {
      await window.navigator.clipboard.writeText(link);
      told.replaceChildren("Copied");
      window.setTimeout(() => told.replaceChildren(), 1000 * SECONDS_TOLD);
    } catch {
      // Refused, as some browsers do for a page on disk.
      const shown = field(link);
      told.replaceChildren(shown);
      shown.select();
    }
  }

  // A button that copies the link to the place of that moment, and where it says so.
  function control(className, placeNow) {
    const box = document.createElement("span");
    const button = document.createElement("button");
    const told = document.createElement("span");
    box.className = "share";
    button.type = "button";
    button.className = className;
    button.textContent = "Copy link";
    told.setAttribute("role", "status");
    button.addEventListener("click", () => copy(places.toLink(placeNow()), told));
    box.append(button, told);
    return box;
  }

  return { control };
})();
