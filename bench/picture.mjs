// A measure as a picture: one bar per case, its length by the logarithm of the value where the values lie far apart, the
// value beside it. Plain SVG, readable on light and dark pages.

const colours = { ours: '#2f7d5b', limit: '#8a8f98', floor: '#8a8f98', peer: '#b7793a' };
const words = { ours: 'next-role', limit: 'bare limit', floor: 'bare limit', peer: 'others' };
const size = { width: 760, left: 270, right: 90, bar: 18, step: 28, top: 56 };
/** Beyond this a linear scale would hide the small ones. */
const farApart = 25;

export function draw({ title, unit, of }, rows) {
  const values = rows.map((row) => ({ name: row.name, kind: row.kind, value: of(row) ?? 0 }));
  const most = Math.max(...values.map(({ value }) => value), Number.MIN_VALUE);
  const least = Math.min(...values.map(({ value }) => value).filter((value) => value > 0), most);
  const isLog = most / least > farApart;
  const room = size.width - size.left - size.right;
  const lengthOf = (value) => {
    if (value <= 0) return 0;
    if (!isLog) return (value / most) * room;
    return (Math.log(value / (least / 2)) / Math.log(most / (least / 2))) * room;
  };
  const height = size.top + values.length * size.step + 12;
  const bars = values.map(({ name, kind, value }, at) => {
    const y = size.top + at * size.step;
    const length = Math.max(1, lengthOf(value));
    const weight = kind === 'ours' ? ' font-weight="600"' : '';
    return [
      `<text x="${size.left - 8}" y="${y + 13}" text-anchor="end"${weight}>${escape(name)}</text>`,
      `<rect x="${size.left}" y="${y}" width="${length.toFixed(1)}" height="${size.bar}" rx="2" fill="${colours[kind]}"/>`,
      `<text x="${(size.left + length + 6).toFixed(1)}" y="${y + 13}"${weight}>${number(value)} ${unit}</text>`,
    ].join('\n');
  });
  const kinds = [...new Set(values.map(({ kind }) => (kind === 'floor' ? 'limit' : kind)))];
  const legend = kinds.map(
    (kind, at) =>
      `<rect x="${size.left + at * 110}" y="32" width="10" height="10" rx="2" fill="${colours[kind]}"/><text x="${size.left + 15 + at * 110}" y="41">${words[kind]}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>text { font: 12px system-ui, sans-serif; fill: #24292f } @media (prefers-color-scheme: dark) { text { fill: #d8dee4 } }</style>
<text x="12" y="20" style="font-size: 14px; font-weight: 600">${escape(title)}${isLog ? ' (logarithmic)' : ''}</text>
${legend.join('\n')}
${bars.join('\n')}
</svg>
`;
}

const number = (value) => value.toLocaleString('en', { maximumSignificantDigits: 3 });
const escape = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
