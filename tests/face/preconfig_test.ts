/**
 * PYTHONMALLOC and its siblings: the table of each build, the texts of what is
 * refused, and who wins over whom.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { createHeap, FatalError, type HeapOptions } from "../../mod.ts";
import * as Words from "../../src/layout/allocators.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import { nameOf } from "../../src/domains/allocator_names.ts";

const MAX_BYTES = 4 * 1024 * 1024;

/** Runs `body` with variables of the environment set, then unset. */
function withVariables(
  variables: Record<string, string>,
  body: () => void,
): void {
  for (const name of Object.keys(variables)) {
    Deno.env.set(name, variables[name]);
  }
  try {
    body();
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
}

/** What a heap is: allocator, sealed, debug hooks, prints statistics. */
function kindOf(options: HeapOptions): [string, boolean, boolean, boolean] {
  using heap = createHeap({ maxBytes: MAX_BYTES, ...options });
  const at = Layout.ALLOCATORS;
  const word = (field: number) => heap.i32[at + field];
  return [
    nameOf(word(Words.ALLOCATOR)),
    word(Words.SEALED) === 1,
    word(Words.X_DEBUG) === 1,
    word(Words.MALLOCSTATS) === 1,
  ];
}

/** What each name stands for; `null` is refused. */
const TABLE: Record<string, [gil: string | null, free: string | null]> = {
  "": ["pymalloc", "mimalloc"],
  default: ["pymalloc", "mimalloc"],
  debug: ["pymalloc_debug", "mimalloc_debug"],
  malloc: ["malloc", null],
  malloc_debug: ["malloc_debug", null],
  pymalloc: ["pymalloc", null],
  pymalloc_debug: ["pymalloc_debug", null],
  mimalloc: ["mimalloc", "mimalloc"],
  mimalloc_debug: ["mimalloc_debug", "mimalloc_debug"],
  hardened: ["pymalloc", "mimalloc"],
  jemalloc: [null, null],
  Debug: [null, null],
};

for (const [name, row] of Object.entries(TABLE)) {
  for (const [k, build] of (["gil", "free-threaded"] as const).entries()) {
    Deno.test(`PYTHONMALLOC "${name}" (${build})`, () => {
      const kind = row[k];
      withVariables({ PYTHONMALLOC: name }, () => {
        if (kind === null) {
          const error = assertThrows(() => kindOf({ build }), FatalError);
          const [verdict, state, , ours] = error.message.split("\n");
          assertEquals(
            verdict,
            "Fatal Python error: preconfig_init_allocator: PYTHONMALLOC: " +
              "unknown allocator",
          );
          assertEquals(state, "Python runtime state: preinitializing");
          assert(ours.includes(`malloc is "${name}", and the ${build} build`));
          return;
        }
        const isDebug = kind.endsWith("_debug");
        const isSealed = isDebug || name === "hardened";
        assertEquals(kindOf({ build }), [kind, isSealed, isDebug, false]);
      });
    });
  }
}

Deno.test("an option wins over its variable", () => {
  const variables = {
    PYTHONMALLOC: "nonsense",
    PYTHON_GIL: "nonsense",
    PYTHONMALLOCSTATS: "1",
  };
  withVariables(variables, () => {
    assertEquals(
      kindOf({ build: "gil", malloc: "malloc", mallocStats: false }),
      ["malloc", false, false, false],
    );
  });
});

Deno.test("PYTHONMALLOCSTATS and PYTHONDEVMODE", () => {
  withVariables({ PYTHONDEVMODE: "1" }, () => {
    assertEquals(kindOf({})[0], "mimalloc_debug");
    assertEquals(kindOf({ malloc: "default" })[0], "mimalloc");
  });
  withVariables({ PYTHONDEVMODE: "1", PYTHONMALLOC: "mimalloc" }, () => {
    assertEquals(kindOf({})[0], "mimalloc");
  });
});

Deno.test("PYTHON_GIL chooses the build", () => {
  for (const [value, build] of [["1", "gil"], ["0", "free-threaded"]]) {
    withVariables({ PYTHON_GIL: value }, () => {
      using heap = createHeap({ maxBytes: MAX_BYTES });
      assertEquals(heap.build, build);
    });
  }
  withVariables({ PYTHON_GIL: "yes" }, () => {
    assertThrows(
      () => createHeap({ maxBytes: MAX_BYTES }),
      FatalError,
      'config_read_gil: PYTHON_GIL / -X gil must be "0" or "1"',
    );
  });
});

Deno.test("a name that is no string is a TypeError", () => {
  const options = { maxBytes: MAX_BYTES, malloc: 7 as never };
  assertThrows(() => createHeap(options), TypeError, "not 7");
});

Deno.test("without permission the environment is silently ignored", async () => {
  const code = `import { createHeap } from "${new URL(
    "../../mod.ts",
    import.meta.url,
  )}"; using heap = createHeap({ maxBytes: 4194304 }); console.log(heap.build);`;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, code);
    const { stdout, stderr, success } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["run", "--no-prompt", "--quiet", `${folder}/main.ts`],
        env: { PYTHONMALLOC: "nonsense", PYTHON_GIL: "1" },
      },
    ).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(new TextDecoder().decode(stdout), "free-threaded\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
