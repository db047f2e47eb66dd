import { batch } from "@preact/signals";
import { nearest } from "../lib/steps";
import type { Row } from "../lib/types";
import { setFold } from "../panels/gradient_flow/model_folds";
import type { Zoom } from "../panels/gradient_flow/model_zoom";
import { drawn } from "../panels/gradient_flow/state/drawn";
import { Exact } from "../panels/gradient_flow/state/exact";
import { SharedState } from "./state";

export type { Hover, KeyboardNav, Loaded, TooltipContent } from "./shapes";

/** The shared state, and what gradient flow draws of it. */
export class Store extends SharedState {
  readonly exact = new Exact();
  /** What follows of all that for the picture. */
  readonly flow = drawn(this, this.exact);
  readonly series = this.flow.series;
  readonly union = this.flow.union;
  readonly roles = this.flow.roles;
  readonly role = this.flow.role;
  readonly filteredRows = this.flow.filteredRows;
  readonly lines = this.flow.lines;
  readonly grids = this.flow.grids;
  readonly gridOf = this.flow.gridOf;
  readonly gridsAtStep = this.flow.gridsAtStep;
  readonly gridsOfLine = this.flow.gridsOfLine;
  readonly mode = this.flow.mode;
  readonly scale = this.flow.scale;
  readonly labels = this.flow.labels;
  readonly thresholds = this.flow.thresholds;
  readonly steps = this.flow.steps;
  readonly domain = this.flow.domain;
  readonly step = this.flow.step;
  readonly line = this.flow.line;
  readonly marks = this.flow.marks;
  readonly markKinds = this.flow.markKinds;
  readonly windowCount = this.flow.windowCount;

  rowOf(line: number): Row | null {
    const one = this.lines.value[line];
    return one?.type === "row" ? this.union.value.rows[one.rows[0]] : null;
  }

  moveTo(line: number | null, step: number | null): void {
    batch(() => {
      const target = line === null ? null : this.lines.value[line];
      if (target && target.type !== "header") this.view.row.value = target.key;
      if (step !== null) this.view.step.value = step;
    });
  }

  /** To the next logged step of any shown run. */
  moveStep(by: number): void {
    const steps = this.steps.value;
    if (steps.length === 0) return;
    const at = nearest(steps, this.step.value);
    this.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
  }

  moveLine(by: number): void {
    const lines = this.lines.value;
    for (let line = this.line.value + by; line >= 0 && line < lines.length; line += by) {
      if (lines[line].type === "header") continue;
      this.moveTo(line, null);
      return;
    }
  }

  toggleBlock(key: string): void {
    const line = this.lines.value.find((one) => one.key === key);
    if (line)
      this.view.collapsed.value = setFold(this.flow.folds.value, key, line.depth, line.type === "header");
  }

  setCollapsed(all: boolean): void {
    this.view.collapsed.value = all ? ["@0"] : [];
  }

  /** Null: all steps. */
  zoomTo(zoom: Zoom | null): void {
    batch(() => {
      this.flow.keys.from.value = zoom && String(zoom[0]);
      this.flow.keys.to.value = zoom && String(zoom[1]);
    });
  }

  compare(on: boolean): void {
    batch(() => {
      this.flow.keys.against.value = on ? "ref" : null;
      // A range that was set for values says nothing about differences.
      this.view.lo.value = null;
      this.view.hi.value = null;
    });
  }
}
