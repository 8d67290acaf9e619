/**
 * One of the two threads of W5 and W6: joins the memory it is told, runs its
 * side, answers.
 *
 * @module
 */

import { joinAdapter } from "./adapter.ts";
import type { Task } from "./control.ts";
import { choose } from "./subject.ts";
import { NO_CALLS } from "./trace_file.ts";

self.onmessage = async (event: MessageEvent<Task>) => {
  const adapter = await joinAdapter(event.data.adapter, event.data.handle);
  choose({ adapter, control: event.data.control, recorded: NO_CALLS });
  // The loops take the subject as a constant when they are loaded.
  const { runParty } = await import("./party.ts");
  const answer = runParty(event.data);
  adapter.close();
  self.postMessage(answer);
};
