import{az as r}from"./main-yvc1XTm2.js";export{r as start};
