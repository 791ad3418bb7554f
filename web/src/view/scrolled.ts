/** Formulas that are wider than their place: the keyboard must be able to scroll them. */

const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});

/** Lets an element be reached while it has to be scrolled, now and whenever its size changes. */
export const reachedWhereScrolled = (el: Element): void => watcher.observe(el);
