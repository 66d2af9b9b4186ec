import { Markup, type MarkupValue, markup, withSymbols } from './markup.ts';
import { FONT, INK, MUTED, RULE } from './palette.ts';

export interface PageContent {
  readonly title: string;
  readonly kicker: string;
  readonly subtitle: string;
  readonly simulated: boolean;
  readonly navigation: MarkupValue;
  readonly body: MarkupValue;
  readonly footer: string;
}

/** A complete page: everything inline, no request leaves it, prints to A4. */
export function reportPage({ title, kicker, subtitle, simulated, navigation, body, footer }: PageContent): string {
  return markup`<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="kicker">${kicker}</p>
<h1>${title}</h1>
<p class="subtitle">${subtitle}</p>
${simulated ? markup`<p class="simulated">Measured on the simulated bench: these figures describe a computed wafer, not a physical one.</p>` : null}
${navigation}
</header>
${body}
<footer>${footer}</footer>
</main>
</body>
</html>
`.text;
}

/** A part of a page with its heading. */
export function section(heading: string, body: MarkupValue): Markup {
  return markup`<section><h2>${heading}</h2>${body}</section>`;
}

/** A figure with its caption; a plain text gets its symbols set. */
export function figureBlock(figure: MarkupValue, caption: MarkupValue): Markup {
  const text = typeof caption === 'string' ? withSymbols(caption) : caption;
  return markup`<figure>${figure}<figcaption>${text}</figcaption></figure>`;
}

const STYLE = `
@page { size: A4; margin: 13mm 12mm 15mm; }
* { box-sizing: border-box; }
html { background: #eef1f3; }
body { margin: 0; color: ${INK}; font: 14px/1.5 ${FONT}; font-variant-numeric: tabular-nums lining-nums; }
main { max-width: 1140px; margin: 24px auto; padding: 44px 40px 32px; background: #fff; }
header { border-bottom: 2px solid ${INK}; padding-bottom: 18px; margin-bottom: 26px; }
.kicker { margin: 0 0 4px; font-size: 12px; letter-spacing: .08em; text-transform: uppercase; color: ${MUTED}; }
h1 { margin: 0; font-size: 30px; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; }
.subtitle { margin: 6px 0 0; font-size: 16px; color: ${MUTED}; }
.simulated { max-width: none; margin: 14px 0 0; padding: 7px 12px; border-left: 4px solid #e69f00; background: #fdf6e6; }
nav { margin-top: 14px; display: flex; gap: 20px; }
h2 { margin: 34px 0 12px; font-size: 18px; font-weight: 650; }
h3 { margin: 22px 0 6px; font-size: 14px; font-weight: 650; }
p { max-width: 78ch; margin: 8px 0; }
sub { font-size: .72em; line-height: 0; }
a { color: #005a8c; text-decoration: none; border-bottom: 1px solid #9cc3da; }
a:hover { border-color: #005a8c; }
svg a { border: 0; }
figure { margin: 8px 0 18px; break-inside: avoid; }
figcaption { max-width: 92ch; margin-top: 6px; font-size: 12.5px; line-height: 1.45; color: ${MUTED}; }
svg.figure { display: block; max-width: 100%; height: auto; }
.side-by-side { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 20px; }
.three { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 6px 14px; }
.key-figures { display: grid; grid-template-columns: repeat(5, auto); gap: 0 28px; margin: 0 0 26px; }
.key-figures div { border-left: 2px solid ${RULE}; padding-left: 12px; }
.key-figures dt { font-size: 12px; color: ${MUTED}; }
.key-figures dd { margin: 0; font-size: 22px; font-weight: 600; line-height: 1.25; white-space: nowrap; }
.key-figures dd small { display: block; font-size: 12px; font-weight: 400; color: ${MUTED}; white-space: normal; }
.facts { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0 28px; margin: 0; }
.facts div { display: grid; grid-template-columns: 108px 1fr; gap: 8px; padding: 4px 0; border-bottom: 1px solid #e7ecef; }
.facts dt { color: ${MUTED}; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: 13px; margin: 6px 0 14px; break-inside: avoid; }
table.long { break-inside: auto; }
th, td { padding: 4px 16px 4px 0; text-align: left; vertical-align: baseline; border-bottom: 1px solid #e7ecef; }
thead th { font-weight: 600; color: ${MUTED}; border-bottom: 1px solid ${INK}; white-space: nowrap; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
td.n, th.n { text-align: right; white-space: nowrap; }
tbody th { font-weight: 500; }
tr.total td, tr.total th { border-top: 1px solid ${INK}; border-bottom: 0; font-weight: 600; }
.swatch { display: inline-block; width: 12px; height: 12px; margin-right: 8px; border: 1px solid #7d8a92; vertical-align: -1px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 10px 0 0; padding: 0; list-style: none; font-size: 12.5px; }
.note { padding: 7px 12px; border-left: 4px solid #d55e00; background: #fdf1ea; max-width: none; }
code { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { margin-top: 36px; padding-top: 10px; border-top: 1px solid ${RULE}; font-size: 12px; color: ${MUTED}; }
@media screen and (max-width: 1000px) {
  main { margin: 0; padding: 22px 16px; }
  .side-by-side, .three, .facts { grid-template-columns: 1fr; }
  .key-figures { grid-template-columns: repeat(2, auto); row-gap: 14px; }
  section { overflow-x: auto; }
}
@media screen and (max-width: 520px) {
  .key-figures { grid-template-columns: 1fr; }
}
@media print {
  html { background: none; }
  body { font-size: 10.5px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main { max-width: none; margin: 0; padding: 0; }
  header { margin-bottom: 16px; padding-bottom: 12px; }
  h1 { font-size: 22px; }
  h2 { font-size: 14px; margin: 20px 0 8px; break-after: avoid; }
  h3 { break-after: avoid; }
  table, .legend, figcaption { font-size: 9.5px; }
  th, td { padding: 2.5px 12px 2.5px 0; }
  .key-figures dd { font-size: 16px; }
  .key-figures dt, .key-figures dd small { font-size: 9px; }
  .key-figures { gap: 0 16px; margin-bottom: 16px; }
  .facts div { grid-template-columns: 78px 1fr; padding: 2px 0; }
  code { font-size: 9px; }
  nav { display: none; }
  main section:last-of-type { break-inside: avoid; }
  a { color: inherit; border: 0; }
}
`;
