declare const WebAssembly: any;
