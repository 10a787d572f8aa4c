import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { zip } from "../../../static_client/corrections/zip.js";
import { crc32 } from "../../../static_client/drawing/png.js";

const TIME = new Date(2026, 10, 21, 13, 37, 42);
const LIST = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(json.dumps([[i.filename, i.date_time, archive.read(i).decode("latin-1")] for i in archive.infolist()]))
`;

/** @returns {[string, number[], string][]} name, time and content of each file, as Python reads them */
async function readWithPython(blob) {
  const folder = mkdtempSync(join(tmpdir(), "zip-"));
  try {
    const path = join(folder, "test.zip");
    writeFileSync(path, Buffer.from(await blob.arrayBuffer()));
    return JSON.parse(execFileSync("python3", ["-c", LIST, path], { encoding: "utf-8" }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the checksum is CRC-32", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

test("Python reads the zip file", async () => {
  const bytes = Uint8Array.from({ length: 70000 }, (_, i) => i * 7);
  const files = [
    { name: "index.json", bytes: new TextEncoder().encode("{}") },
    { name: "pictures/000001.png", bytes },
    { name: "empty.txt", bytes: new Uint8Array() },
  ];
  const found = await readWithPython(zip(files, TIME));
  assert.deepEqual(found.map(([name]) => name), files.map(({ name }) => name));
  assert.deepEqual(found[0].slice(1), [[2026, 11, 21, 13, 37, 42], "{}"]);
  assert.ok(Buffer.from(found[1][2], "latin1").equals(Buffer.from(bytes)));
});

test("an empty zip file is valid", async () => {
  assert.deepEqual(await readWithPython(zip([], TIME)), []);
});

test("what a zip file cannot hold is refused", () => {
  assert.throws(() => zip([{ name: "ä.png", bytes: new Uint8Array() }], TIME), RangeError);
  assert.throws(() => zip(Array(70000).fill({ name: "a", bytes: new Uint8Array() }), TIME), RangeError);
});
