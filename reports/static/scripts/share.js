// Copies links to the clipboard; where the browser refuses, shows a field to copy from.
"use strict";
window.tillsight.share = (() => {
  const { places } = window.tillsight;
  const SECONDS_SHOWN = 4;

  function field(link) {
    const made = document.createElement("input");
    made.readOnly = true;
    made.value = link;
    made.setAttribute("aria-label", "Link to copy");
    made.addEventListener("blur", () => made.remove());
    return made;
  }

  async function copy(link, status) {
    try {
      await window.navigator.clipboard.writeText(link);
      status.replaceChildren("Copied");
      window.setTimeout(() => status.replaceChildren(), 1000 * SECONDS_SHOWN);
    } catch {
      // Some browsers refuse this for a page on disk.
      const shown = field(link);
      status.replaceChildren(shown);
      shown.select();
    }
  }

  // A button that copies the link to the current place, with a status text.
  function control(className, placeNow) {
    const box = document.createElement("span");
    const button = document.createElement("button");
    const status = document.createElement("span");
    box.className = "share";
    button.type = "button";
    button.className = className;
    button.textContent = "Copy link";
    status.setAttribute("role", "status");
    button.addEventListener("click", () => copy(places.toLink(placeNow()), status));
    box.append(button, status);
    return box;
  }

  return { control };
})();
