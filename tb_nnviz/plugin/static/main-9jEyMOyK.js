import{W as a}from"./main-Cb7Sd9wf.js";export{a as start};
