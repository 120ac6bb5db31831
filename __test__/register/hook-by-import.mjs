import 'wasi-rs/register';
import './everywhere.js';
