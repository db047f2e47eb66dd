import { toCsv } from "../../derive/csv";
import { TEXT } from "../../text";
import { useStore } from "../../views/context";

export function Exports() {
  const store = useStore();
  const csv = () => {
    const text = toCsv(store.grids.value, store.lines.value, store.scale.value);
    const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `nnviz_${store.kind.value}_${store.statistic.value}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return (
    <button
      type="button"
      class="button"
      title={TEXT.csvTitle}
      data-testid="export-csv"
      onClick={csv}
      disabled={store.grids.value.length === 0}
    >
      {TEXT.csv}
    </button>
  );
}
