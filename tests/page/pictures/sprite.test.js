import assert from "node:assert/strict";
import { test } from "node:test";

import { placeInSprite } from "../../../static_client/pictures/sprite.js";

test("digits lie row by row in the sprite", () => {
  const index = { side: 28, columns: 20 };
  assert.deepEqual([0, 19, 20, 45].map((number) => placeInSprite(number, index)), [[0, 0], [532, 0], [0, 28], [140, 56]]);
});
