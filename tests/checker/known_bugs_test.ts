import { assert, assertEquals } from "@std/assert";
import { explore, prepare } from "./check.ts";
import { CANARIES, type Known, LOCKS, MEMORY } from "./known_bugs.ts";
import { format, parse, replay } from "./schedule.ts";
import { sample } from "./random.ts";
import { explain } from "./trace.ts";

async function judge({ model, finds }: Known): Promise<void> {
  const m = await prepare(model);
  const { finding, isComplete } = explore(m);
  assertEquals(finding?.kind, finds, `${model.name}: ${finding?.text}`);
  if (!finding) {
    assert(isComplete);
    return;
  }
  const text = explain(m, finding);
  const [, schedule] = /^schedule: (.*)$/m.exec(text)!;
  const path = parse(schedule, m.count);
  assertEquals(format(path, m.count), schedule);
  if (finding.kind === "livelock") return;
  assertEquals(replay(m, path).finding?.kind, finds);
}

for (const known of [...LOCKS, ...MEMORY, ...CANARIES]) {
  const verdict = known.finds ? `finds ${known.finds}` : "finds nothing";
  Deno.test(`checker ${verdict}: ${known.model.name}`, () => judge(known));
}

Deno.test("random schedules find the lost update and the lost wake-up", async () => {
  for (const { model, finds } of LOCKS) {
    if (model.name === "lock of the dead" || !finds) continue;
    const m = await prepare(model);
    const result = sample(m, { seed: 1, schedules: 5000 });
    assertEquals(result.finding?.kind, finds, model.name);
  }
});
