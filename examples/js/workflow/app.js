// A workflow that calls the two activities. Every call is an execution of its own and an event in this one's log.

import { fibo } from "example:fibo/fibo";
import { get } from "example:http-get/http-get";
import { getAwaitNext, getSubmit } from "example:http-get-obelisk-ext/http-get";
import { joinSetCreate, submitDelay } from "obelisk:workflow/workflow-support@6.0.0";

export const workflow = {
  // Calls as if the activities were functions here; an err of theirs is thrown and ends this one with it.
  fiboAndGet(n, url) {
    return `fibo(${n}) = ${fibo(n)}, and the page says: ${get(url)}`;
  },

  // Starts all, then takes the results as they come and puts them in the order of the URLs.
  getAll(urls) {
    const joinSet = joinSetCreate();
    const started = urls.map((url) => getSubmit(joinSet, url).id);
    const bodies = new Map();
    for (const _ of started) {
      const result = getAwaitNext(joinSet); // the result inside of a result is a value: { tag, val }
      if (result.tag === "err") {
        throw result.val;
      }
      bodies.set(joinSet.lastId().val.id, result.val);
    }
    return started.map((id) => bodies.get(id));
  },

  // Races the activity against a delay: whichever responds first is the first response of the join set.
  getWithin(url, milliseconds) {
    const joinSet = joinSetCreate();
    getSubmit(joinSet, url);
    submitDelay(joinSet, { tag: "in", val: { tag: "milliseconds", val: milliseconds } });
    let result;
    try {
      result = getAwaitNext(joinSet);
    } catch (mismatch) { // the response is not one of `get`, so it is the delay
      throw `${url} did not answer within ${milliseconds} ms`;
    }
    if (result.tag === "err") {
      throw result.val;
    }
    return result.val;
  },
};
