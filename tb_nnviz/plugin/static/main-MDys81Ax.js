import{ax as t}from"./main-I4sIjhAu.js";export{t as start};
