import './worker.js';
