import{aq as t}from"./main-Ba7rnLso.js";export{t as start};
