import{az as r}from"./main-CaxYzVsA.js";export{r as start};
