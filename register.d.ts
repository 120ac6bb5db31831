// Imported for its effect only: `node:wasi` gives the class of wasi-rs.
export {};
