import{az as r}from"./main-B3sW_8pj.js";export{r as start};
