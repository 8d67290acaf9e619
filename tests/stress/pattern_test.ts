/**
 * The parts of the stress run that everything else is believed through: a
 * pattern that misses damage would make each clean run worthless.
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import * as AddressTable from "../../src/tools/stress/address_table.ts";
import * as Pattern from "../../src/tools/stress/pattern.ts";
import { Random } from "../../src/tools/stress/random.ts";
import {
  drawDomain,
  drawNewSize,
  drawSize,
  MAX_SIZE,
} from "../../src/tools/stress/sizes.ts";

const SHARED = new SharedArrayBuffer(4096);
const I32 = new Int32Array(SHARED);
const U8 = new Uint8Array(SHARED);
const ADDRESS = 256;
/** All remainders modulo 4, below and above a word. */
const SIZES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 63, 64, 65, 66, 67];

function signed(size: number): number {
  U8.fill(0xaa);
  const signature = Pattern.signature(ADDRESS, size, 1, 7);
  Pattern.fill(I32, U8, ADDRESS, size, signature);
  return signature;
}

Deno.test("fill() writes all bytes of a block and no other", () => {
  for (const size of SIZES) {
    const signature = signed(size);
    for (let offset = 0; offset < size; offset++) {
      const wanted = Pattern.byteAt(signature, offset);
      assertEquals(U8[ADDRESS + offset], wanted, `byte ${offset} of ${size}`);
    }
    assertEquals(U8[ADDRESS - 1], 0xaa);
    assertEquals(U8[ADDRESS + size], 0xaa);
  }
});

Deno.test("firstDamage() finds each changed byte, and its place", () => {
  for (const size of SIZES) {
    const signature = signed(size);
    assertEquals(Pattern.firstDamage(I32, U8, ADDRESS, size, signature), -1);
    for (let offset = 0; offset < size; offset++) {
      U8[ADDRESS + offset] ^= 1;
      const found = Pattern.firstDamage(I32, U8, ADDRESS, size, signature);
      assertEquals(found, offset, `byte ${offset} of ${size}`);
      U8[ADDRESS + offset] ^= 1;
    }
  }
});

Deno.test("firstDamage() judges what a shrunken block has kept", () => {
  const signature = signed(67);
  for (const kept of SIZES) {
    assertEquals(Pattern.firstDamage(I32, U8, ADDRESS, kept, signature), -1);
  }
});

Deno.test("signature() tells address, size, owner and serial apart", () => {
  const one = Pattern.signature(4096, 64, 1, 1);
  assertNotEquals(Pattern.signature(4112, 64, 1, 1), one);
  assertNotEquals(Pattern.signature(4096, 65, 1, 1), one);
  assertNotEquals(Pattern.signature(4096, 64, 2, 1), one);
  assertNotEquals(Pattern.signature(4096, 64, 1, 2), one);
});

Deno.test("firstNonZero() finds each byte that is not 0", () => {
  for (const size of SIZES) {
    U8.fill(0);
    U8[ADDRESS - 1] = U8[ADDRESS + size] = 1;
    assertEquals(Pattern.firstNonZero(I32, U8, ADDRESS, size), -1);
    for (let offset = 0; offset < size; offset++) {
      U8[ADDRESS + offset] = 0x80;
      const found = Pattern.firstNonZero(I32, U8, ADDRESS, size);
      assertEquals(found, offset, `byte ${offset} of ${size}`);
      U8[ADDRESS + offset] = 0;
    }
  }
});

Deno.test("claim() refuses an address that is claimed, and no other", () => {
  const table = new Int32Array(AddressTable.create(4294967296));
  for (const address of [16, 32, 512, 4294967280]) {
    assert(AddressTable.claim(table, address));
  }
  assert(!AddressTable.claim(table, 32));
  assert(AddressTable.disclaim(table, 32));
  assert(!AddressTable.disclaim(table, 32));
  assert(AddressTable.claim(table, 32));
  assert(AddressTable.disclaim(table, 4294967280));
});

Deno.test("Random gives the same stream for the same parts only", () => {
  const [one, same, other] = [[1, 2], [1, 2], [2, 1]].map((parts) => {
    const random = new Random(...parts);
    return Array.from({ length: 8 }, () => random.next());
  });
  assertEquals(one, same);
  assertNotEquals(one, other);
});

Deno.test("drawSize() asks for what programs ask for", () => {
  const random = new Random(1);
  const counts = { zero: 0, small: 0, medium: 0, large: 0 };
  let largest = 0;
  for (let draw = 0; draw < 100000; draw++) {
    const size = drawSize(random);
    largest = Math.max(largest, size);
    if (size === 0) counts.zero++;
    else if (size <= 512) counts.small++;
    else if (size <= 32768) counts.medium++;
    else counts.large++;
  }
  assert(counts.zero > 1500 && counts.small > 80000, JSON.stringify(counts));
  assert(counts.medium > 8000 && counts.large > 200, JSON.stringify(counts));
  assert(largest > MAX_SIZE / 2 && largest <= MAX_SIZE, String(largest));
});

Deno.test("drawNewSize() and drawDomain() stay within their bounds", () => {
  const random = new Random(2);
  const domains = new Set<number>();
  for (let draw = 0; draw < 10000; draw++) {
    const size = drawNewSize(random, MAX_SIZE);
    assert(Number.isInteger(size) && size >= 0 && size <= MAX_SIZE);
    domains.add(drawDomain(random));
  }
  assertEquals([...domains].sort(), [0, 1, 2]);
});
