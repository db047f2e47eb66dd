"""The style sheet of the report."""

STYLE = """
:root { color-scheme: light dark; --bg: #fff; --panel: #f8f9fb; --line: #e1e4e9; --text: #1f2430; --dim: #5d6677;
  --accent: #ad4800; --severe: #c5221f; --warning: #9a5b00; --notice: #1a6fb5; --ok: #1e7d46; --second: #8a93a3; }
@media (prefers-color-scheme: dark) { :root { --bg: #1e1f22; --panel: #25272b; --line: #383b42; --text: #e8eaed;
  --dim: #a3a9b4; --accent: #ff9d45; --severe: #f28b82; --warning: #fdd663; --notice: #8ab4f8; --ok: #81c995;
  --second: #8d94a1; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 24px 20px 60px; background: var(--bg); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 36px 0 8px; }
h3 { font-size: 16px; margin: 0; } p { margin: 6px 0; } a { color: var(--accent); }
table { border-collapse: collapse; width: 100%; margin-top: 16px; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 500; } td:first-child { min-width: 8.5em; }
.dim { color: var(--dim); } .chip { font-size: 12px; font-weight: 600; padding: 1px 8px; border-radius: 9px;
  border: 1px solid currentColor; white-space: nowrap; }
.severe { color: var(--severe); } .warning { color: var(--warning); } .notice { color: var(--notice); }
.ok { color: var(--ok); }
.card { border: 1px solid var(--line); border-left: 4px solid var(--line); border-radius: 6px; padding: 12px 16px;
  margin: 12px 0; background: var(--panel); break-inside: avoid; }
.card.is-severe { border-left-color: var(--severe); } .card.is-warning { border-left-color: var(--warning); }
.card.is-notice { border-left-color: var(--notice); } details.effects { margin: 12px 0 12px 28px; }
.head { display: flex; gap: 10px; align-items: baseline; flex-wrap: wrap; }
.head code { color: var(--dim); } ol { margin: 4px 0; padding-left: 22px; }
.figures { display: flex; align-items: flex-start; flex-wrap: wrap; gap: 12px; margin: 10px 0; }
svg { width: 460px; max-width: 100%; height: auto; background: var(--bg); border: 1px solid var(--line);
  border-radius: 4px; padding: 6px; }
svg text { font: 11px system-ui, sans-serif; fill: var(--dim); } svg .title { fill: var(--text); font-weight: 600; }
svg .name { font-size: 10px; } svg .marked { fill: var(--accent); font-weight: 700; }
svg .axis { stroke: var(--line); } svg .since { stroke: var(--accent); stroke-width: 1.5; stroke-dasharray: 4 3; }
svg .limit, svg .usual { stroke: var(--severe); stroke-dasharray: 2 3; } svg .usual { stroke: var(--ok); }
svg text.since { stroke: none; fill: var(--accent); }
svg text.limit, svg text.usual { paint-order: stroke; stroke: var(--bg) !important; stroke-width: 3;
  stroke-dasharray: none; }
svg text.limit { fill: var(--severe); } svg text.usual { fill: var(--ok); }
svg .curve { fill: none; stroke: var(--notice); stroke-width: 1.6; } svg circle.curve { fill: var(--notice); }
svg .c1.curve { stroke: var(--second); } svg circle.c1.curve { fill: var(--second); }
svg .c2.curve { stroke: var(--ok); } svg .c3.curve { stroke: var(--warning); }
svg tspan.c0 { fill: var(--notice); } svg tspan.c1 { fill: var(--second); } svg tspan.c2 { fill: var(--ok); }
svg tspan.c3 { fill: var(--warning); } svg .broken { stroke: #c81ea0; stroke-width: 1.6; fill: none; }
details { margin: 10px 0; } summary { cursor: pointer; color: var(--dim); }
li.rule { columns: auto; } ul.rules { columns: 3 220px; padding-left: 18px; margin: 6px 0; }
"""
