import{a1 as t}from"./main-DBTsC4wV.js";export{t as start};
