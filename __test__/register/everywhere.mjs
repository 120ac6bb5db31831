import './everywhere.js';
