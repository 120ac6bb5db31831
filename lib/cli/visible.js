'use strict';

// Texts for a terminal. Names of files, and whatever a module contains, could hold control characters.

// Control characters, characters that are invisible or change the direction of text, line breaks that
// are not "\n", and halves of a character.
const special = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const specialInLines = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const escaped = (letter) => `\\u{${letter.codePointAt(0).toString(16)}}`;

const visible = (text) => text.replace(special, escaped);

// With its line breaks.
const visibleLines = (text) => text.replace(specialInLines, escaped);

const unit = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

// JSON that stands for the same value. Line breaks are only between values.
const visibleJson = (text) => text.replace(specialInLines, (letter) => letter.split('').map(unit).join(''));

const MOST_OF_NAME = 60;

// The start of a name from a module.
function name(text) {
  const start = visible(text.slice(0, MOST_OF_NAME + 1));
  return text.length > MOST_OF_NAME ? `${start.slice(0, MOST_OF_NAME)}…` : start;
}

// Names, imports and the like that are shown of many.
const MOST = 50;

// Those, and how many more there are.
function some(items, count, show) {
  const shown = items.slice(0, MOST).map(show);
  return count > shown.length ? [...shown, `… and ${count - shown.length} more`] : shown;
}

module.exports = { MOST, name, some, visible, visibleJson, visibleLines };
