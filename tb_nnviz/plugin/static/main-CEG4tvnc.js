import{aq as t}from"./main-3HJiPeHX.js";export{t as start};
