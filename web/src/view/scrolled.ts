/** Formulas that are wider than their place: the keyboard must be able to scroll them. */

const watched = new Set<Element>();

const measure = (el: Element): void => {
  if (el.scrollWidth > el.clientWidth) el.setAttribute("tabindex", "0");
  else el.removeAttribute("tabindex");
};

const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) measure(target);
});

// A font that comes late makes a formula wider, and its place stays as it was.
document.fonts.addEventListener("loadingdone", () => {
  for (const el of watched) {
    if (el.isConnected) measure(el);
    else watched.delete(el);
  }
});

/** Lets an element, once its formula is set, be reached while it has to be scrolled: now and
 * whenever its size changes. */
export const reachedWhereScrolled = (el: Element): void => {
  measure(el);
  watched.add(el);
  watcher.observe(el);
};
