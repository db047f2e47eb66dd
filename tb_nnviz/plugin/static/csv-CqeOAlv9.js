import{Z as $,k as d}from"./main-DWKGOI1y.js";const l=t=>/[",\n]/.test(t)?`"${t.replaceAll('"','""')}"`:t;function i(t,c,f){const r=["run,row,step,value,state"];for(const e of t)c.forEach((u,p)=>{if(u.type!=="header")for(let s=0;s<e.steps.length;s++){const n=p*e.steps.length+s,o=$(e.states[n],e.values[n],f),a=o==="under"||o==="over"?"value":o,v=a==="absent"||a==="undefined"?"":d(e.values[n]);r.push(`${l(e.run)},${l(u.key)},${e.steps[s]},${v},${a}`)}});return`${r.join(`
`)}
`}export{l as q,i as t};
