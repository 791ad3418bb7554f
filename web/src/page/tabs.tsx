/** The parts of a page, one at a time where it is narrow. */

export type Tab = "read" | "write" | "picture";

export const Tabs = ({
  tabs,
  tab,
  choose,
}: {
  tabs: [Tab, string][];
  tab: Tab;
  choose: (tab: Tab) => void;
}) => (
  <nav class="tabs" aria-label="Parts of this page">
    {tabs.map(([name, label]) => (
      <button key={name} type="button" aria-pressed={tab === name} onClick={() => choose(name)}>
        {label}
      </button>
    ))}
  </nav>
);
