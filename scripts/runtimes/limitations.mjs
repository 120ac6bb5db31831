// Checks that don't hold, by runtime and group, with the reason.

const ENVIRONMENT = 'an assignment to process.env does not reach native code (oven-sh/bun#42891)';

export const limitations = {
  bun: {
    class: { 'process.env.WASI_RS_STRACE = 1': ENVIRONMENT },
    command: { '--engine v8 --strace': ENVIRONMENT },
  },
};
