// VINs: read as trace/codes/vin.py reads them, with what scanners and papers add taken off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isChecked, parseVin } from "../../web/static/js/office/vin.js";

const GOOD = ["1M8GDM9AXKP042788", "11111111111111111", "1HGCM82633A004352"];

test("a VIN is read in any case, with blanks, full-width letters, stars and the import mark", () => {
  const vin = GOOD[0];
  for (const given of [vin, vin.toLowerCase(), ` ${vin.slice(0, 8)} ${vin.slice(8)}\n`, `*${vin}*`, `I${vin}`, "１M8GDM9AXKP042788"]) {
    assert.equal(parseVin(given), vin, given);
  }
  for (const given of ["", vin.slice(1), `${vin}7`, `X${vin}`, vin.replace("G", "O"), vin.replace("G", "I"), "04QPB76836300JBC40000903"]) {
    assert.equal(parseVin(given), null, given);
  }
});

test("a check digit holds, and no other character does in its place", () => {
  for (const vin of GOOD) {
    const holding = [..."0123456789X"].filter((digit) => isChecked(vin.slice(0, 8) + digit + vin.slice(9)));
    assert.deepEqual(holding, [vin[8]]);
  }
  assert.equal(isChecked("WVWZZZ1JZ3W386752"), false); // made for Europe
});
