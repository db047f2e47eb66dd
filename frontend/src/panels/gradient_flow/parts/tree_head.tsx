import { useStore } from "../../../ui/context";
import { Icon } from "../../../ui/icon";
import { RowFilter } from "../../../ui/row_filter";
import { UI_TEXT } from "../../../ui/text";
import { orderText } from "../model_order";
import { useFlow } from "../state/context";
import { TEXT } from "../text";

/** Controls for filtering, ordering and folding the layers. */
export function TreeHead() {
  const flow = useFlow();
  const folded = flow.rows.lines.value.some((line) => line.type === "block");
  const title = folded ? UI_TEXT.expandAll : UI_TEXT.collapseAll;
  return (
    <div class="tree-head">
      <RowFilter placeholder={TEXT.rowFilterShort} />
      <OrderSelect />
      <button
        type="button"
        class="icon"
        disabled={flow.rows.order.value.by !== "depth"}
        title={title}
        aria-label={title}
        data-testid="fold-all"
        onClick={() => flow.setCollapsed(!folded)}
      >
        <Icon name={folded ? "expand" : "collapse"} />
      </button>
    </div>
  );
}

/**
 * Selection of the order of layers. Order by value keeps the step at which it was selected, since lines that follow
 * the cursor would jump.
 */
function OrderSelect() {
  const store = useStore();
  const flow = useFlow();
  const order = flow.rows.order.value;
  const now = orderText(order) ?? "depth";
  const here = `value@${flow.cursor.step.value}`;
  const ref = store.ref.value ?? "";
  return (
    <select
      class={now === "depth" ? "order" : "order on"}
      aria-label={TEXT.order}
      title={TEXT.orderTitle(order.by === "value" ? order.step : null, ref)}
      data-testid="order-select"
      value={now}
      onChange={(event) => {
        const { value } = event.currentTarget;
        flow.keys.order.value = value === "depth" ? null : value;
      }}
    >
      <option value="depth">{TEXT.byDepth}</option>
      <option value="name">{TEXT.byName}</option>
      <option value={here}>{TEXT.byValue(flow.cursor.step.value)}</option>
      {order.by === "value" && now !== here && <option value={now}>{TEXT.byValue(order.step)}</option>}
    </select>
  );
}
