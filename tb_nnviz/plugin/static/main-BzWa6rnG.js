import{a6 as t}from"./main-DWKGOI1y.js";export{t as start};
