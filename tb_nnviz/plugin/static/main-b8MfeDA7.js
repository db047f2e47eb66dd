import{ah as t}from"./main-BVAdmpSO.js";export{t as start};
