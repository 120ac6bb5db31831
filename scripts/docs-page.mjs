// Writes the page of the API, in Markdown.

import { fail, hashOf } from './tools.mjs';

// Changes with everything that the page is made from, to tell whether the page is up to date.
export const stamp = () => hashOf(['index.d.ts', 'scripts/docs.mjs', 'scripts/docs-page.mjs', 'scripts/docs-read.mjs']);

// The name by which GitHub, npm and others link to a heading.
export const slug = (heading) => heading.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-');

const link = ({ heading }) => `[\`${heading}\`](#${slug(heading)})`;

// {@link RunOptions.timeout}
const links = /\{@link\s+([^\s}]+)\s*\}/g;

class Page {
  constructor({ title, intro, stamp, chapters }) {
    Object.assign(this, { title, intro, stamp, chapters });
    const items = chapters.flatMap((chapter) => chapter.items);
    const all = items.flatMap((item) => [item, ...item.members]);
    this.byName = new Map(all.map((entry) => [entry.name, entry]));
    const slugs = [...chapters.map(({ title }) => title), ...all.map(({ heading }) => heading)].map(slug);
    const twice = slugs.find((one, index) => slugs.indexOf(one) !== index);
    if (twice) fail(`two headings would be #${twice}`);
  }

  withLinks(text) {
    return text.replace(links, (_, name) => link(
      this.byName.get(name) ?? fail(`index.d.ts: {@link ${name}} leads nowhere`),
    ));
  }

  entry(entry, level) {
    const { heading, code, text, fallback, examples } = entry;
    const more = this.typesNotLinked(entry);
    return [
      `${'#'.repeat(level)} \`${heading}\``,
      code.length > 0 && ['```ts', ...code, '```'].join('\n'),
      fallback && `Default: ${/\s/.test(fallback) ? this.withLinks(fallback) : `\`${fallback}\``}`,
      text && this.withLinks(text),
      more.length > 0 && `See ${more.map(link).join(', ')}.`,
      ...examples.map((example) => `**Example**\n\n${example}`),
    ].filter(Boolean);
  }

  typesNotLinked({ name, text, types }) {
    const [owner] = name.split(/\W/);
    const linked = [owner, ...Array.from(text.matchAll(links), ([, target]) => target)];
    return types.filter((type) => !linked.includes(type)).flatMap((type) => this.byName.get(type) ?? []);
  }

  item(item) {
    return [...this.entry(item, 3), ...item.members.flatMap((member) => this.entry(member, 4))];
  }

  contents() {
    return this.chapters.flatMap((chapter) => this.contentsOf(chapter)).join('\n');
  }

  contentsOf({ title, items, isBrief }) {
    const chapter = `- [${title}](#${slug(title)})`;
    if (isBrief) return [`${chapter}: ${items.map(link).join(', ')}`];
    return [chapter, ...items.map((item) => `  - ${this.contentsOfItem(item)}`)];
  }

  // Without members that have no comment, and those for `using`.
  contentsOfItem(item) {
    const members = item.members.filter(({ name, text }) => text && !name.endsWith(']'));
    const links = members.map((member) => this.shortLink(item, member));
    return [link(item), links.join(', ')].filter(Boolean).join(': ');
  }

  // `RunOptions.timeout` under RunOptions is `timeout`.
  shortLink(item, { heading }) {
    return `[\`${heading.replace(new RegExp(`^${item.name}\\.?`), '')}\`](#${slug(heading)})`;
  }

  toString() {
    const chapters = this.chapters.flatMap(({ title, items }) => [
      `## ${title}`, ...items.flatMap((item) => this.item(item)),
    ]);
    const parts = [
      `<!-- Made by "npm run docs" from index.d.ts: edit that. ${this.stamp} -->`,
      `# ${this.title}`, this.intro, this.contents(), ...chapters,
    ];
    return `${parts.join('\n\n')}\n`;
  }
}

export const page = (content) => String(new Page(content));
