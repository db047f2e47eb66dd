import{az as r}from"./main-uf684OOY.js";export{r as start};
