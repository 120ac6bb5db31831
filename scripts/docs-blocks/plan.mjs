// What is to be done with a block, by its language and the word behind it:
//
//   ```js, ```ts              executed as a module and type-checked; CommonJS if it uses `require`
//   ```js check               type-checked only
//   ```sh                     executed by bash -e
//   ```sh no-run              parsed only
//   ```json                   parsed
//   ```js server.mjs          written to the page's directory under that name, and type-checked
//   ```yaml, ```text, …       nothing, or written if it has a name
//
// Everything else is an error, so that no block is left out by a misspelled word.

const scripts = new Set(['js', 'ts']);
const inert = new Set([
  'c', 'diff', 'dockerfile', 'html', 'ini', 'json', 'jsonc', 'rust', 'text', 'toml', 'wasm', 'wat', 'yaml',
]);
const words = { js: ['check'], ts: ['check'], sh: ['no-run'] };

const isFileName = (text) => /^(?!.*\.\.)[\w@][\w@./-]*$/.test(text) && (text.includes('.') || text === 'Dockerfile');

// Modules may mention `require()` in a comment, or make one with `createRequire()`.
const usesRequire = (code) => /\brequire\(/.test(code) && !/^(import|export)\b/m.test(code);

const extension = ({ language, code }) => `.${usesRequire(code) ? 'c' : 'm'}${language}`;

function problemOf({ page, language, annotations, isOpen, isMisplaced }) {
  if (isMisplaced) return 'The block must begin on a line of its own. In a list, indent that line.';
  if (isOpen) return 'The block is not closed.';
  if (language === '') return 'The block names no language. Use `text` for output.';
  if (!scripts.has(language) && !inert.has(language) && language !== 'sh') {
    return `The language "${language}" is not known. Use js, ts or sh for code that is checked.`;
  }
  if (annotations.length > 1) return `There is more than one word behind "${language}".`;
  const [word] = annotations;
  if (word !== undefined && !isFileName(word) && !words[language]?.includes(word)) {
    return `The annotation "${word}" is not known for "${language}".`;
  }
  return undefined;
}

// In the page of the API these are the declarations of index.d.ts.
const isDeclaration = ({ page, language, annotations: [word] }) =>
  page === 'docs/api.md' && language === 'ts' && word === undefined;

function steps(block) {
  const { language, annotations: [word] } = block;
  if (isDeclaration(block)) return {};
  if (word !== undefined && isFileName(word)) return { file: word, types: /\.[cm]?[jt]s$/.test(word) };
  if (scripts.has(language)) {
    return { file: `block-${block.line}${extension(block)}`, types: true, execute: word !== 'check' && 'node' };
  }
  if (language === 'sh') return { execute: word === 'no-run' ? 'bash -n' : 'bash' };
  return {};
}

// Adds to a block: `problem`, or
//   file     its name in the page's directory
//   types    whether it is type-checked
//   execute  'node', 'bash', 'bash -n' or nothing
//   json     whether it must be JSON
export function plan(block) {
  const problem = problemOf(block);
  if (problem) return { ...block, problem };
  return { ...block, ...steps(block), json: block.language === 'json' };
}
