// Reads index.d.ts with the parser of TypeScript. Each item, and each of its members, has
//   name     such as `RunOptions` or `RunOptions.timeout`
//   heading  the name, with () for functions
//   code     its declarations as they are written
//   text     its comment, without tags
//   fallback its default, if it has one
//   examples its examples, in Markdown
//   types    the names of the types that it mentions

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './tools.mjs';

// As it stands there, without `export`; members at the margin.
const written = (node) => node.getText().replace(/^export (declare )?/, '');
const outdented = (node) => written(node).replaceAll('\n  ', '\n');

// `interface RunError extends Error`, without what is in it.
const head = (node) => written(node).split(' {')[0];

// Declarations of one name, such as overloads, belong together.
function grouped(nodes, nameOf) {
  const groups = new Map();
  for (const node of nodes) {
    const name = nameOf(node);
    groups.set(name, [...groups.get(name) ?? [], node]);
  }
  return [...groups];
}

class Reader {
  constructor(ts) {
    this.ts = ts;
  }

  read(file) {
    const { statements } = this.ts.createSourceFile(file, readFileSync(file, 'utf8'), this.ts.ScriptTarget.Latest, true);
    const nameOf = (node) => (node.declarationList?.declarations[0] ?? node).name.text;
    const declarations = statements.filter((node) => !this.ts.isModuleDeclaration(node)); // not `declare global`
    return grouped(declarations, nameOf).map(([name, nodes]) => this.item(name, nodes));
  }

  // What has comments inside is shown piece by piece, the rest as a whole.
  item(name, nodes) {
    const owners = nodes.filter((node) => node.members);
    const inside = owners.flatMap((node) => [...node.members]);
    if (!inside.some((member) => member.jsDoc)) return { ...this.entry(name, nodes), members: [] };
    const shown = nodes.filter((node) => !node.members || node.heritageClauses);
    const code = shown.map((node) => (node.members ? head(node) : written(node)));
    const members = grouped(inside, (member) => this.memberName(name, member));
    return {
      ...this.entry(name, nodes, code),
      members: members.map(([key, group]) => this.entry(key, group, group.map(outdented))),
    };
  }

  memberName(owner, member) {
    if (this.ts.isConstructorDeclaration(member)) return `new ${owner}`;
    const name = member.name.getText();
    return name.startsWith('[') ? `${owner}${name}` : `${owner}.${name}`;
  }

  entry(name, nodes, code = nodes.map(written)) {
    const { ts } = this;
    const comments = nodes.flatMap((node) => node.jsDoc?.at(-1) ?? []);
    return {
      name,
      heading: ts.isFunctionLike(nodes[0]) ? `${name}()` : name,
      code,
      text: comments.map(({ comment }) => ts.getTextOfJSDocComment(comment)).join('\n\n'),
      fallback: this.tagged('default', comments)[0],
      examples: this.tagged('example', comments),
      types: code.length === 0 ? [] : [...new Set(nodes.flatMap((node) => this.types(node)))],
    };
  }

  // The texts of all tags of one name.
  tagged(name, comments) {
    const tags = comments.flatMap((comment) => comment.tags ?? []).filter(({ tagName }) => tagName.text === name);
    return tags.map(({ comment }) => this.ts.getTextOfJSDocComment(comment));
  }

  types(node) {
    const { ts } = this;
    const own = [];
    if (ts.isTypeReferenceNode(node)) own.push(node.typeName.getText());
    if (ts.isExpressionWithTypeArguments(node)) own.push(node.expression.getText());
    ts.forEachChild(node, (child) => {
      // Members with comments are entries of their own.
      if (!node.members || !child.jsDoc) own.push(...this.types(child));
    });
    return own;
  }
}

export const read = (ts) => new Reader(ts).read(path.join(root, 'index.d.ts'));
