'use strict';

require('wasi-rs/register');
require('./everywhere');
