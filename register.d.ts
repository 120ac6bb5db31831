// Import this entry point for its side effect only: from then on, `node:wasi` exports the class `WASI`
// of wasi-rs, in Workers too.
export {};
