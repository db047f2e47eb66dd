/** Names of tags in the event files, as documented in docs/schema.md. */

export const NNVIZ_PREFIX = "nnviz/";
/** Values that users log with `monitor.log(...)`. */
export const LOG_PREFIX = "nnviz/log/";
/** Scalars of the whole model at one step. */
export const GLOBAL_PREFIX = "nnviz/global/";
/** Scalars of the steps since the previous event. */
export const WINDOW_PREFIX = "nnviz/window/";
/** Activation maps, followed by the name of the layer. */
export const MAP_PREFIX = "nnviz/map/";
export const MAP_INPUT_TAG = "nnviz/map_input";
/** Weight maps, followed by the name of the parameter. */
export const WEIGHT_PREFIX = "nnviz/weight/";
export const OVERHEAD_TAG = "nnviz/global/overhead_seconds";
export const SKIPPED_TAG = "nnviz/global/skipped";
