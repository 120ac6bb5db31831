// Timing of a loop. A loop is called with how often it shall run, often enough for the clock not to
// matter, and several times; the fastest time counts, since all that disturbs makes it slower.

const ROUND_MS = 5;

function timed(subject, n) {
  subject.before?.();
  const start = process.hrtime.bigint();
  subject.run(n);
  const elapsed = Number(process.hrtime.bigint() - start);
  subject.check?.();
  return elapsed;
}

// How often fits into a round. Growing step by step also warms up: V8 replaces a function's first
// code only when it is entered the next time.
function calibrate(subject, most) {
  const enough = ROUND_MS * 1e6;
  let n = 1;
  for (;;) {
    const elapsed = timed(subject, n);
    if (elapsed >= enough || n >= most) return n;
    const factor = Math.min(10, Math.max(1.5, (1.1 * enough) / Math.max(elapsed, 1)));
    n = Math.min(most, Math.ceil(n * factor));
  }
}

// Nanoseconds of one operation. `n` fixes how often a sample runs it; `per` is how many operations
// the loop does each time.
export function measure(subject, { n, most = 1e9, samples = 5, per = 1 }) {
  const times = n ?? calibrate(subject, most);
  const elapsed = [];
  for (let sample = 0; sample < samples; sample += 1) elapsed.push(timed(subject, times));
  return { ns: Math.min(...elapsed) / times / per };
}
