'use strict';
module.exports = { foreignCommand() {}, foreignOption() {} };
