// A chart of horizontal bars, as SVG that needs nothing but itself: pages show it as an image, where
// neither scripts nor fonts are loaded.

const WIDTH = 840;
const LEFT = 256; // where bars begin
const RIGHT = 600; // where they end at most
const VALUE = 620;
const TOP = 58;
const ROW = 30;
const BAR = 16;

// The background is that of the page. Which color scheme it has is not always what the media query
// says, so each text is readable on light and on dark, and best where the query is right.
const STYLE = `
    text { font: 14px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #768390; }
    .title { font-size: 16px; font-weight: 600; }
    .value { font-weight: 600; }
    .small { font-size: 12px; }
    .grid { stroke: #768390; stroke-opacity: 0.3; }
    .strong { stroke: #768390; stroke-width: 1.5; }
    .bar { fill: #768390; fill-opacity: 0.6; }
    .accent { fill: #2f81f7; }
    @media (prefers-color-scheme: light) { text { fill: #57606a; } .title, .value { fill: #424a53; } }
    @media (prefers-color-scheme: dark) { text { fill: #9198a1; } .title, .value { fill: #adb5bd; } }`;

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text) => String(text).replace(/[&<>"]/g, (character) => entities[character]);

const number = (value) => String(Number(value.toFixed(1)));

function element(name, attributes, content) {
  const written = (value) => escape(typeof value === 'number' ? number(value) : value);
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${written(value)}"`);
  return content === undefined ? `<${name}${list.join('')}/>` : `<${name}${list.join('')}>${escape(content)}</${name}>`;
}

const text = (x, y, content, { anchor = 'start', ...rest } = {}) => element('text', { x, y, 'text-anchor': anchor, ...rest }, content);

const xOf = (share) => LEFT + share * (RIGHT - LEFT);

function drawTick({ at, label, strong }, bottom) {
  const x = xOf(at);
  return [
    element('line', { x1: x, x2: x, y1: TOP - 4, y2: bottom, class: strong ? 'strong' : 'grid' }),
    text(x, strong ? TOP - 10 : bottom + 16, label, { anchor: 'middle', class: 'small' }),
  ];
}

function drawRow({ label, at, value, note, accent }, index) {
  const middle = TOP + (index + 0.5) * ROW;
  return [
    text(LEFT - 12, middle + 5, label, { anchor: 'end' }),
    element('rect', {
      x: LEFT, y: middle - BAR / 2, width: Math.max(xOf(at) - LEFT, 1), height: BAR, rx: 2, class: accent ? 'accent' : 'bar',
    }),
    text(VALUE, middle + 5, value, { class: 'value' }),
    note && text(WIDTH, middle + 5, note, { anchor: 'end', class: 'small' }),
  ];
}

// `title` and `description` are for all, the latter for those who do not see the picture; `footer`
// stands below it. `at` of rows and ticks is a share of the width for bars, from 0 to 1.
export function bars({ title, description, footer, rows, ticks }) {
  const bottom = TOP + rows.length * ROW;
  const height = bottom + 50;
  const lines = [
    text(0, 20, title, { class: 'title' }),
    ...ticks.flatMap((tick) => drawTick(tick, bottom)),
    ...rows.flatMap(drawRow),
    text(0, height - 6, footer, { class: 'small' }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" \
role="img" aria-labelledby="title description">
  ${element('title', { id: 'title' }, title)}
  ${element('desc', { id: 'description' }, description)}
  <style>${STYLE}
  </style>
  ${lines.filter(Boolean).join('\n  ')}
</svg>
`;
}
