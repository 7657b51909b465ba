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

/** Say what an error is, and on which line of the script it came up, or null. */
function faultOf(error, text) {
  const stack = error !== null && typeof error === 'object' ? String(error.stack) : '';
  const found = new RegExp(NAME + ':(\\d+)').exec(stack);
  const last = text.trimEnd().split('\n').length;
  if (!found) return { message: textOf(error), line: null };
  if (Number(found[1]) > last) {
    // What closes the function around it was taken for a part of it.
    return { message: 'SyntaxError: the script ends too early: a bracket is not closed', line: last };
  }
  return { message: String(error), line: Math.max(1, Number(found[1])) };
}

/** Show what was thrown; an object that says nothing of itself is shown by its members. */
function textOf(error) {
  const text = String(error);
  return text === '[object Object]' ? JSON.stringify(error) : text;
}

module.exports = { compiled, faultOf };
