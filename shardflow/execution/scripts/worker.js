'use strict';
// Runs one script in a context of its own, and tells how it ended.
//
// The script's globals are JavaScript's own, what SCOPE below adds, and the helpers. All of them are made inside of its
// context, so that nothing of this worker's is handed to it; only texts go in and out. That keeps scripts apart from
// each other and from us by accident; it is no wall against one that means harm.

const fs = require('fs');
const vm = require('vm');
const { parentPort, workerData } = require('worker_threads');
const { compiled, faultOf } = require('./parsing.js');

const LONGEST_MESSAGE = 10000;
const { run, form, text, requests, answers } = workerData;
const context = vm.createContext(Object.create(null), { codeGeneration: { strings: true, wasm: false } });
let rest = Buffer.alloc(0); // of the answers, what stands behind the last line read

function tell(message) {
  const data = Buffer.from(JSON.stringify({ run, ...message }) + '\n');
  for (let sent = 0; sent < data.length; ) sent += fs.writeSync(requests, data, sent);
}

/** Wait for one line of the answers, this whole thread with it: helpers are plain functions, not promises. */
function answer() {
  const parts = [rest];
  const chunk = Buffer.alloc(65536);
  for (;;) {
    const last = parts[parts.length - 1];
    const end = last.indexOf(10);
    if (end >= 0) {
      rest = last.subarray(end + 1);
      parts[parts.length - 1] = last.subarray(0, end);
      return Buffer.concat(parts).toString();
    }
    const count = fs.readSync(answers, chunk);
    if (count === 0) process.exit(1); // shardflow is gone
    parts.push(Buffer.from(chunk.subarray(0, count)));
  }
}

const asked = []; // what `ask` was given in this turn of the event loop: told at once, so that all are asked at once
const waiting = new Map(); // by number, who waits for an answer
let numbers = 0;

parentPort.on('message', (given) => {
  for (const [number, said] of given) {
    const done = waiting.get(number);
    waiting.delete(number);
    done(JSON.stringify(said));
  }
  if (waiting.size === 0) parentPort.unref(); // a script that waits for nothing has nothing to wait for
});
parentPort.unref();

const bridge = {
  call(request) {
    tell({ call: request });
    return answer();
  },
  ask(prompt, done) {
    if (asked.length === 0) {
      setImmediate(() => tell({ ask: asked.splice(0) }));
    }
    asked.push([++numbers, prompt]);
    waiting.set(numbers, done);
    parentPort.ref();
  },
  timer(kind, callback, milliseconds) {
    const timer = kind === 'interval' ? setInterval(callback, milliseconds) : setTimeout(callback, milliseconds);
    return timer[Symbol.toPrimitive]();
  },
  clear: (number) => clearTimeout(number),
  log: (line) => tell({ log: line }),
};

/** What a script finds in its context. Its source is evaluated there. */
const SCOPE = function (bridge, given, result) {
  'use strict';
  const { parse, stringify } = JSON;
  const define = (name, value) =>
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });

  const scope = parse(given);
  define('context', scope.context);
  define('phase', scope.phase);
  define('output_dir', scope.output_dir);
  const before = stringify(scope.context);

  for (const helper of scope.helpers) {
    define(helper, function () {
      const answer = parse(bridge.call(stringify([helper, [...arguments]])));
      if ('error' in answer) throw new Error(answer.error);
      return answer.value;
    });
  }
  define('thinkHard', function thinkHard(prompt) {
    const failed = new Error(); // made here, where the script called, so that it tells that line
    return new Promise((resolve, reject) => {
      if (typeof prompt !== 'string') throw new TypeError('thinkHard: expected the prompt as a text');
      bridge.ask(prompt, (said) => {
        const answer = parse(said);
        if (!('error' in answer)) return resolve(answer.value);
        failed.message = answer.error;
        reject(failed);
      });
    });
  });

  const shown = (value) => {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return String(value.stack);
    try {
      const text = stringify(value);
      return text === undefined ? String(value) : text;
    } catch {
      return String(value);
    }
  };
  const log = (...values) => bridge.log(values.map(shown).join(' '));
  define('console', { log, info: log, debug: log, warn: log, error: log });
  define('setTimeout', (f, ms, ...values) => bridge.timer('once', () => f(...values), Number(ms) || 0));
  define('setInterval', (f, ms, ...values) => bridge.timer('interval', () => f(...values), Number(ms) || 0));
  define('clearTimeout', (number) => bridge.clear(number));
  define('clearInterval', (number) => bridge.clear(number));

  const MAX_DEPTH = 200;
  const lone = /[\ud800-\udfff]/u;
  const kindOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

  /** Write a value as JSON without losing anything of it, or throw a text that says what would be lost, and where. */
  const exact = (value, path, above) => {
    if (value !== null && typeof value === 'object' && typeof value.toJSON === 'function') value = value.toJSON();
    switch (typeof value) {
      case 'string':
        if (lone.test(value)) throw `${path} is a text with half of a surrogate pair`;
        return stringify(value);
      case 'boolean':
        return String(value);
      case 'number':
        if (!Number.isFinite(value)) throw `${path} is ${value}, which is no JSON number`;
        if (Number.isInteger(value) && !Number.isSafeInteger(value))
          throw `${path} is an integer beyond 2^53, where JavaScript rounds; return it as a text`;
        return Object.is(value, -0) ? '-0.0' : String(value);
      case 'object':
        return value === null ? 'null' : inner(value, path, above);
      case 'bigint':
        throw `${path} is a BigInt, which no JSON text can hold; return it as a text`;
      default:
        throw `${path} is ${value === undefined ? 'undefined' : 'a ' + typeof value}`;
    }
  };
  const inner = (value, path, above) => {
    if (above.includes(value)) throw `${path} holds itself`;
    if (above.length === MAX_DEPTH) throw `it is nested deeper than ${MAX_DEPTH} levels`;
    const within = [...above, value];
    if (Array.isArray(value)) return '[' + Array.from(value, (v, i) => exact(v, `${path}[${i}]`, within)).join() + ']';
    if (kindOf(value) !== 'Object') throw `${path} is a ${kindOf(value)}`;
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return '{' + members.map(([k, v]) => exact(k, path, []) + ':' + exact(v, `${path}.${k}`, within)).join() + '}';
  };

  return (value) => {
    const changed = stringify(scope.context) !== before;
    if (value === undefined) return result(null, '', changed);
    try {
      return result(exact(value, '$', []), '', changed);
    } catch (reason) {
      return result('', typeof reason === 'string' ? reason : String(reason), changed);
    }
  };
};

function end(message) {
  tell(message);
  process.exit(workerData.ended); // whatever the script left going ends with its worker
}

function threw(error) {
  let fault = { message: 'something that cannot be shown', line: null }; // a thrown object may refuse to be a text
  try {
    fault = faultOf(error, text);
  } catch {}
  end({ threw: fault.message.slice(0, LONGEST_MESSAGE), line: fault.line });
}

function result(json, reason, changed) {
  if (reason) end({ unfit: reason, changed });
  else if (json !== null && json.length > workerData.longest) {
    end({ unfit: `it takes more than ${workerData.longest >> 20} MiB`, changed });
  } else end({ value: json, changed });
}

process.on('uncaughtException', threw); // of a timer, or a promise nobody waits for
try {
  tell({ started: true });
  const returned = vm.runInContext(`(${SCOPE})`, context)(bridge, workerData.scope, result);
  compiled(form, text).runInContext(context)().then(returned, threw);
} catch (error) {
  threw(error);
}
