import type { Search } from "../search";
import { TEXT } from "../text";

/** Field that finds layers in the graph, the number of matches, and buttons for the next and the previous one. */
export function SearchField({ search }: { search: Search }) {
  const { text, found, index, set, step } = search;
  const count = found?.length ?? 0;
  const button = (label: string, sign: string, by: number, testid: string) => (
    <button
      type="button"
      class="button"
      title={label}
      aria-label={label}
      data-testid={testid}
      disabled={count === 0}
      onClick={() => step(by)}
    >
      {sign}
    </button>
  );
  return (
    <search class="graph-search">
      <input
        class={found === null ? "field bad" : "field"}
        type="search"
        spellcheck={false}
        placeholder={TEXT.find}
        aria-label={TEXT.findHelp}
        aria-invalid={found === null}
        title={found === null ? TEXT.badFind : TEXT.findHelp}
        data-testid="graph-search"
        value={text}
        onInput={(event) => set(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (!["Enter", "ArrowDown", "ArrowUp"].includes(event.key)) return;
          event.preventDefault();
          event.stopPropagation();
          step(event.key === "ArrowUp" || (event.key === "Enter" && event.shiftKey) ? -1 : 1);
        }}
      />
      {text.trim() !== "" && (
        <>
          <output data-testid="graph-matches">
            {found === null ? TEXT.badFind : count === 0 ? TEXT.noMatch : TEXT.matchOf(index + 1, count)}
          </output>
          {button(TEXT.previousMatch, "‹", -1, "match-previous")}
          {button(TEXT.nextMatch, "›", 1, "match-next")}
        </>
      )}
    </search>
  );
}
