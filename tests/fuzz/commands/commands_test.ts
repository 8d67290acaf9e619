/**
 * Command models of both faces, shortly, and the bugs that they must find.
 */

import { assert, assertEquals } from "@std/assert";
import { BUILDS } from "../../helpers/heap_fixture.ts";
import {
  FACE_NAMES,
  openC,
  type Opened,
  openIdiomatic,
  runCommands,
} from "./run.ts";

for (const build of BUILDS) {
  for (const face of FACE_NAMES) {
    Deno.test(`random commands behave as the model says (${face}, ${build})`, () => {
      assertEquals(runCommands(face, build, 60, 7).note, "");
    });
  }
}

/** Faces that are broken in one way. */
const BROKEN: Record<string, (real: Opened) => Partial<Opened>> = {
  "a realloc that loses bytes": (real) => ({
    realloc(domain, at, nbytes) {
      const moved = real.realloc(domain, at, nbytes);
      if (moved !== at && nbytes > 40) real.u8[moved + 20] ^= 1;
      return moved;
    },
  }),
  "a domain that is not looked at": (real) => ({
    free(domain, at) {
      try {
        real.free(domain, at);
      } catch (error) {
        if ((error as Error).name !== "PointerError") throw error;
      }
    },
  }),
  "a free that does nothing": (real) => ({
    free(domain, at) {
      if (domain !== "obj") real.free(domain, at);
    },
  }),
  "a dirty calloc": (real) => ({
    calloc(domain, nelem, elsize) {
      const at = real.calloc(domain, nelem, elsize);
      if (at !== 0 && elsize > 100) real.u8[at + 50] = 1;
      return at;
    },
  }),
};

for (const [name, bug] of Object.entries(BROKEN)) {
  Deno.test(`the model finds ${name}`, () => {
    const { note } = runCommands("idiomatic", "gil", 300, 7, "", (build) => {
      const real = openIdiomatic(build);
      return { ...real, ...bug(real) };
    });
    assert(note.includes("deno run -A tests/fuzz/commands/run.ts"), note);
  });
}

Deno.test("the model finds an error indicator that is not cleared", () => {
  const { note } = runCommands("capi", "gil", 300, 7, "", (build) => ({
    ...openC(build),
    clear() {},
  }));
  assert(note.includes("PyErr"), note);
});
