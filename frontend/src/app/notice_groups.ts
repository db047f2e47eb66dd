import type { Notice, RunInfo } from "../lib/types";

/** One reason and the runs that give it, with the first step of each. */
export interface NoticeGroup {
  reason: string;
  runs: { run: string; step: number }[];
}

/**
 * Return the notices that concern some kinds, once per reason, in the order of the runs. Notices without kinds concern
 * all.
 */
export function groupNotices(
  runs: readonly RunInfo[],
  concerns: (kind: string, run: RunInfo) => boolean,
): NoticeGroup[] {
  const groups = new Map<string, NoticeGroup>();
  const wanted = (notice: Notice, run: RunInfo) =>
    notice.kinds.length === 0 || notice.kinds.some((kind) => concerns(kind, run));
  for (const info of runs) {
    for (const notice of info.notices) {
      if (!wanted(notice, info)) continue;
      const group = groups.get(notice.reason) ?? { reason: notice.reason, runs: [] };
      group.runs.push({ run: info.run, step: notice.step });
      groups.set(notice.reason, group);
    }
  }
  return [...groups.values()];
}
