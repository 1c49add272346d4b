// A webhook: GET /fibo/N calls the activity for a small N and waits; for a large one it starts it and answers with the id.

import { fibo } from "example:fibo/fibo";
import { fiboSchedule } from "example:fibo-obelisk-schedule/fibo";
import { executionIdCurrent } from "obelisk:webhook/webhook-support@6.0.0";

const SMALL = 10;

addEventListener("fetch", (event) => event.respondWith(answer(event.request)));

async function answer(request) {
  const [, n] = new URL(request.url).pathname.match(/^\/fibo\/(\d+)$/) ?? [];
  if (n === undefined) {
    return new Response("expected /fibo/N\n", { status: 400 });
  }
  if (Number(n) > SMALL) {
    const started = fiboSchedule({ tag: "now" }, Number(n));
    return new Response(`submitted: ${started.id}\n`, { status: 202 });
  }
  try {
    return new Response(`fibo(${n}) = ${fibo(Number(n))}, asked by ${executionIdCurrent().id}\n`);
  } catch (error) {
    return new Response(`${error.payload ?? error}\n`, { status: 422 }); // an err of the activity is thrown
  }
}
