import{X as a}from"./main-D0uCukz9.js";export{a as start};
