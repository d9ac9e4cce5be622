#!/usr/bin/env node
// An operation served by HTTP: the engine posts the input, the answer is the result.
//
// PORT (9000; 0: any), LEDGER (a file that gets a line for each effect; none by default).
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

const { PORT = 9000, LEDGER } = process.env;
const done = new Map(); // Idempotency-Key -> result. Yours is a table with that key as primary key.

async function serve(request, response) {
  const amount = await json(request);
  const key = request.headers["idempotency-key"]; // the same in every attempt of the invocation
  if (typeof amount !== "number") return answer(response, 422, { error: "an amount is a number" });
  if (!done.has(key)) {
    if (LEDGER) appendFileSync(LEDGER, `did ${key}\n`); // the effect
    done.set(key, { receipt: done.size + 1, amount });
  }
  answer(response, 200, done.get(key)); // a 5xx would be tried again
}

function answer(response, status, value) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

const server = createServer((request, response) =>
  serve(request, response).catch((error) => answer(response, 500, { error: String(error) })));
server.listen(Number(PORT), "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${server.address().port}/`));
