#!/usr/bin/env node
'use strict';

require('../lib/cli/index.js').main(process.argv.slice(2));
