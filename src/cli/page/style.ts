/** The style of a cost page: one column, light and dark by the reader's own setting, readable from 320 px on. */

/** `c0` to `c4` are the classes of tokens in the order of usageClasses, and the series of the other pictures. */
export const style = `
:root { color-scheme: light dark; --page: #f9f9f7; --card: #ffffff; --ink: #16161a; --soft: #5c5c66; --line: #e2e1dc; --track: #f0efea;
  --c0: #2a78d6; --c1: #eb6834; --c2: #d19000; --c3: #1a9e70; --c4: #4a3aa7; --plain: #8b8b96; --bad: #b3261e; --good: #0b6b3a; }
@media (prefers-color-scheme: dark) { :root { --page: #121214; --card: #1c1c1f; --ink: #f2f2f4; --soft: #a9a9b3; --line: #34343a; --track: #28282c;
  --c0: #3987e5; --c1: #d95926; --c2: #c98500; --c3: #199e70; --c4: #9085e9; --plain: #7d7d88; --bad: #ff8a80; --good: #6fd6a0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; } h2 { font-size: 17px; margin: 0 0 12px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; margin: 16px 0; }
p { margin: 4px 0; } .soft { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px; margin: 16px 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
.figures b { display: block; font-size: 22px; line-height: 1.3; } .figures span { color: var(--soft); font-size: 13px; }
.row { margin: 0 0 12px; } .row > p { display: flex; justify-content: space-between; gap: 12px; margin: 0 0 3px; font-size: 14px; }
.row > p > :first-child { overflow-wrap: anywhere; min-width: 0; } .row > p > :last-child { color: var(--soft); white-space: nowrap; }
.track { position: relative; height: 18px; background: var(--track); border-radius: 4px; overflow: hidden; display: flex; }
.track i { display: block; height: 100%; min-width: 2px; } .track i + i { border-left: 1px solid var(--card); }
.time i { position: absolute; border-radius: 4px; }
.c0 { background: var(--c0); } .c1 { background: var(--c1); } .c2 { background: var(--c2); } .c3 { background: var(--c3); }
.c4 { background: var(--c4); } .plain { background: var(--plain); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--soft); margin: 0 0 14px; padding: 0; list-style: none; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
.axis { display: flex; justify-content: space-between; color: var(--soft); font-size: 12px; }
svg { display: block; width: 100%; height: 180px; border-left: 1px solid var(--line); border-bottom: 1px solid var(--line); }
polyline { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); } .s3 { stroke: var(--c3); } .s4 { stroke: var(--c4); }
.grid { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 6px 8px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; } th { color: var(--soft); font-weight: 500; }
.banner { border-left: 4px solid var(--bad); } .banner ul { margin: 4px 0 0; padding-left: 20px; overflow-wrap: anywhere; }
`;
