'use strict';
// Turns the text of a script into a compiled script whose lines are the text's own.

const vm = require('vm');

const NAME = 'shardflow-script';
const AsyncFunction = (async () => {}).constructor;

/** Compile a script that gives an async function when run. Throws SyntaxError. */
function compiled(form, text) {
  if (form === 'expression') {
    const bare = text.replace(/[;\s]+$/, '');
    // Only a text that is an expression by itself parses inside of both kinds of brackets.
    const script = placed('(async () => (\n', bare, '\n))');
    placed('[async () => [\n', bare, '\n]]');
    return script;
  }
  const script = placed('(async function () {\n', text, '\n})');
  new AsyncFunction(text); // a text that closes the function above and opens another one does not parse here
  return script;
}

function placed(before, text, after) {
  return new vm.Script(before + text + after, { filename: NAME, lineOffset: -1 });
}

/** Find the line of a script that an error came from, or null. */
function lineOf(error, text) {
  const stack = error !== null && typeof error === 'object' ? String(error.stack) : '';
  const found = new RegExp(NAME + ':(\\d+)').exec(stack);
  return found ? Math.max(1, Math.min(Number(found[1]), text.split('\n').length)) : null;
}

module.exports = { compiled, lineOf };
