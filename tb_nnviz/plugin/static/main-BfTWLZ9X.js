import{aq as t}from"./main-CxpLDZUv.js";export{t as start};
