/** The whole style of the page; the page's policy names it by its hash, and allows no other. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--ink:#1f2328;--quiet:#59636e;--line:#d1d9e0;--panel:#f6f8fa;--link:#0969da;--ok:#1a7f37;--bad:#cf222e;--back:#9a6700;--idle:#59636e}
@media (prefers-color-scheme:dark){:root{--ground:#0d1117;--ink:#f0f6fc;--quiet:#9198a1;--line:#3d444d;--panel:#151b23;--link:#4493f8;--ok:#3fb950;--bad:#f85149;--back:#d29922;--idle:#9198a1}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
main{max-width:960px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:1.5rem;line-height:1.3;margin:8px 0 4px}
h2{font-size:1.1rem;margin:32px 0 8px;padding-bottom:4px;border-bottom:1px solid var(--line)}
p{margin:4px 0}
a{color:var(--link)}
code,pre{font:0.85em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.quiet{color:var(--quiet)}
.badge{display:inline-block;padding:2px 12px;border-radius:999px;border:1px solid;font-weight:600}
.ok{color:var(--ok);fill:var(--ok)}.bad{color:var(--bad);fill:var(--bad)}.back{color:var(--back);fill:var(--back)}.idle{color:var(--idle);fill:var(--idle)}
.why{border-left:4px solid var(--bad);padding:8px 12px;margin:12px 0;background:var(--panel)}
.warning{border-left:4px solid var(--back);padding:8px 12px;margin:8px 0;background:var(--panel)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:16px 0}
.facts dt{color:var(--quiet)}.facts dd{margin:0;min-width:0}
.links{display:flex;flex-wrap:wrap;gap:4px 16px;padding:0;margin:12px 0;list-style:none}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:6px 12px 6px 0;border-bottom:1px solid var(--line)}
th{color:var(--quiet);font-weight:600;white-space:nowrap}
td.number,th.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.bar{width:28%;min-width:96px}
td .ok,td .bad,td .back,td .idle{white-space:nowrap}
svg{display:block;width:100%}
svg.row{height:14px;background:var(--panel);border-radius:3px}
svg.strip{height:64px}
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:12px;margin:8px 0;white-space:pre-wrap;max-height:480px;overflow-y:auto}
details{margin:8px 0}summary{cursor:pointer}
@media (max-width:640px){
.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:8px}
table,tbody,tr,td{display:block;width:100%}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{padding:8px 0;border-bottom:1px solid var(--line)}
td,td.bar,td.number{border:0;padding:1px 0;width:100%;text-align:left;white-space:normal}
td[data-label]:not(:empty)::before{content:attr(data-label) ": ";color:var(--quiet)}
td:first-child{font-weight:600}td:first-child::before{content:none!important}
}
@media print{pre{max-height:none}}
`;
