import { cache } from './cache.mjs';
import { compute } from './compute.mjs';
import { flat } from './flat.mjs';
import { hello } from './hello.mjs';
import { limits } from './limits.mjs';
import { plugins } from './plugins.mjs';
import { server } from './server.mjs';
import { throughput } from './throughput.mjs';
import { toolchains } from './toolchains.mjs';
import { waiting } from './waiting.mjs';

// Each has:
//   name, title
//   columns  pairs of a heading and a function that gives the text of a cell for a row
//   tasks    functions that run in a process of their own and give what is JSON; see child.mjs
//   measure(run)  runs tasks, gives `rows`, and `remarks` if there are some; see run.mjs
export const sections = [hello, toolchains, plugins, throughput, flat, limits, waiting, server, cache, compute];
