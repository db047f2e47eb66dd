/** What users log with `monitor.log(...)`. */
export const LOG_PREFIX = "nnviz/log/";
