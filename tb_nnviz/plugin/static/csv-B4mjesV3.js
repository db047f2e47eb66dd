import { ai as labelOf, x as exact } from "./main-B9rrWoHG.js";
const quote = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
const BLANK = ["absent", "undefined", "refZero", "refNonfinite", "refAbsent"];
function toCsv(grids, lines, scale, reference = null) {
  const out = [`run,row,step,value,state${reference ? ",reference_step" : ""}`];
  for (const grid of grids) {
    lines.forEach((line, l) => {
      if (line.type === "header") return;
      for (let s = 0; s < grid.steps.length; s++) {
        const at = l * grid.steps.length + s;
        const state = labelOf(grid.states[at], grid.values[at], scale);
        const named = state === "under" || state === "over" ? "value" : state;
        const number = scale.factor ? 10 ** grid.values[at] : grid.values[at];
        const value = BLANK.includes(named) ? "" : exact(number);
        const match = grid.match && reference ? grid.match.at[s] : -1;
        const than = !reference ? "" : match < 0 ? "," : `,${reference.steps[match]}`;
        out.push(`${quote(grid.run)},${quote(line.key)},${grid.steps[s]},${value},${named}${than}`);
      }
    });
  }
  return `${out.join("\n")}
`;
}
export {
  quote as q,
  toCsv as t
};
