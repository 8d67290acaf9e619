/**
 * One of the two threads of W5 and W6: joins the memory it is told, runs its
 * side, answers.
 *
 * @module
 */

import { joinAdapter } from "./adapter.ts";
import { runParty, type Task } from "./shared.ts";

self.onmessage = async (event: MessageEvent<Task>) => {
  const adapter = await joinAdapter(event.data.adapter, event.data.handle);
  const answer = runParty(event.data, adapter);
  adapter.close();
  self.postMessage(answer);
};
