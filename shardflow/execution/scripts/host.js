'use strict';
// The main thread of a Node.js process that runs scripts, each in a worker of its own.
//
//   argv: REQUESTS ANSWERS, descriptors of two pipes: lines to shardflow, and its answers to blocking calls
//   stdin: one JSON object a line: {run}, {check} or {answers}; when it ends, whoever started us is gone
//
// This thread never runs a script, so it can always end the process, even while a script loops.

var fs = require('fs');
var ENDED = 77; // the exit code of a worker that told how its script ended
var requests = Number(process.argv[2]);

tell({ version: process.versions.node });
if (Number(process.versions.node.split('.')[0]) >= 18) serve(); // an old one only tells how old it is

function tell(message) {
  var data = Buffer.from(JSON.stringify(message) + '\n');
  for (var sent = 0; sent < data.length; ) sent += fs.writeSync(requests, data, sent);
}

function serve() {
  const { Worker } = require('worker_threads');
  const path = require('path');
  const readline = require('readline');
  let worker = null;

  const heard = {
    run(message) {
      worker = new Worker(path.join(__dirname, 'worker.js'), {
        workerData: { ...message, requests, answers: Number(process.argv[3]), ended: ENDED },
        resourceLimits: { maxOldGenerationSizeMb: message.megabytes },
      });
      let died = '';
      worker.on('error', (error) => {
        died = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out of memory' : String(error.message);
      });
      worker.on('exit', (code) => {
        if (code !== ENDED) tell(died ? { run: message.run, died } : { run: message.run, unsettled: true });
      });
    },
    check(message) {
      const { compiled, faultOf } = require('./parsing.js');
      const faults = message.check.map(({ form, text }) => {
        try {
          compiled(form, text);
          return null;
        } catch (error) {
          return faultOf(error, text);
        }
      });
      tell({ faults });
    },
    answers(message) {
      worker.postMessage(message.answers);
    },
  };

  readline
    .createInterface({ input: process.stdin, crlfDelay: Infinity })
    .on('line', (line) => {
      const message = JSON.parse(line);
      heard['run' in message ? 'run' : 'check' in message ? 'check' : 'answers'](message);
    })
    .on('close', () => process.kill(process.pid, 'SIGKILL'));
}
