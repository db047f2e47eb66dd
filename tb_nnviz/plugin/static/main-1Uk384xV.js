import { az } from "./main-B9rrWoHG.js";
export {
  az as start
};
