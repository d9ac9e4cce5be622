#!/usr/bin/env node
// A worker: pulls orders, charges and mails each one, and reports how it ended. Node 20, alone.
//
// NOWTHEN_URL (http://127.0.0.1:7070), NOWTHEN_KEY (an API key, where the server wants one),
// OPERATION (order), LEDGER (a file that gets a line for each effect; none by default).
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const { NOWTHEN_URL = "http://127.0.0.1:7070", NOWTHEN_KEY, OPERATION = "order" } = process.env;
const headers = { "Content-Type": "application/json" };
if (NOWTHEN_KEY) headers.Authorization = `Bearer ${NOWTHEN_KEY}`;

class LeaseLost extends Error {} // another attempt has it, or it is over: drop the work

// ---- the work ---------------------------------------------------------------------------------

// What a step returned is recorded: a later attempt gets that, and does not do it again.
async function order(amount, step) {
  const receipt = await step("charge", async (token) => ({ receipt: token.length, amount }));
  await step("mail", async () => null);
  return receipt;
}

// ---- the loop ---------------------------------------------------------------------------------

async function main() {
  for (;;) {
    const leased = await call("POST", `/v1/operations/${OPERATION}/lease?max=1&wait=20s`);
    for (const attempt of leased.attempts) {
      const path = `/v1/attempts/${attempt.token}`;
      const beating = heartbeat(path, attempt.lease);
      try {
        await call("POST", `${path}/complete`, await order(attempt.input, steps(path, attempt)));
      } catch (error) {
        if (error instanceof LeaseLost) console.error("lost", attempt.invocation);
        else await call("POST", `${path}/fail`, { message: String(error) }).catch(console.error);
      } finally {
        clearInterval(beating);
      }
    }
  }
}

// Does each step once, as far as that can be known, and records its result.
function steps(path, attempt) {
  return async (name, work) => {
    if (!(name in attempt.steps)) {
      const token = `${attempt.idempotency_key}/${name}`; // the same in every try: pass it on
      await ledger("did", token);
      attempt.steps[name] = await call("PUT", `${path}/steps/${name}`, await work(token));
      await ledger("recorded", token);
    }
    return attempt.steps[name];
  };
}

// Renews the lease while the work goes on. It proves that the process lives, not that the work
// advances (that is what attempt_timeout is for), and a loop that blocks stops it too. `stop` in
// the answer says that the invocation is cancelled; this worker finishes what it began.
function heartbeat(path, lease) {
  const units = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };
  const [, number, unit] = /^([0-9.]+)([a-z]+)$/.exec(lease);
  const beat = () => call("POST", `${path}/heartbeat`).catch(() => {});
  return setInterval(beat, (number * units[unit]) / 3);
}

// One call; while the server is away or full it is sent again, which is safe for all of ours: what
// was done already is answered as done, or by 409.
async function call(method, path, body = null) {
  for (let wait = 50; ; wait = Math.min(2 * wait, 5000)) {
    try {
      const signal = AbortSignal.timeout(60_000);
      const options = { method, headers, body: JSON.stringify(body), signal };
      const answer = await fetch(NOWTHEN_URL + path, options);
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text || "null");
      if (answer.status === 409) throw new LeaseLost(text);
      const nobody = answer.status === 404 && !path.startsWith("/v1/attempts/");
      if (!nobody && ![429, 503].includes(answer.status)) throw new Refused(text);
    } catch (error) {
      if (error instanceof LeaseLost || error instanceof Refused) throw error;
      console.error("waiting for", NOWTHEN_URL, String(error.cause ?? error));
    }
    await sleep(wait * (0.5 + Math.random() / 2));
  }
}
class Refused extends Error {}

// One line for each effect: what a test counts.
async function ledger(word, token) {
  const { LEDGER, PAUSE = 0 } = process.env;
  if (LEDGER) appendFileSync(LEDGER, `${word} ${token}\n`, { flush: true });
  await sleep(PAUSE * 1000); // so that a test can stop it in the middle
}

await main();
