import { describe, expect, it } from "vitest";
import { asAsked, clockOf, EVERYTHING, isFiltered } from "./events_view.ts";

describe("the reader's filter", () => {
  it("is one as soon as anything is chosen", () => {
    expect(isFiltered(EVERYTHING)).toBe(false);
    expect(isFiltered({ ...EVERYTHING, text: "'" })).toBe(true);
  });

  it("asks for times in UTC, and for none while they are half typed", () => {
    const local = "2026-01-31T12:00:01";
    expect(asAsked({ ...EVERYTHING, since: local, until: "" }).since).toBe(new Date(local).toISOString());
    expect(asAsked({ ...EVERYTHING, until: "2026-13-99" }).until).toBe("");
  });
});

describe("the time of an event", () => {
  it("is a clock today, and has its day on others", () => {
    const at = new Date(2026, 0, 31, 9, 5, 3, 7);
    expect(clockOf(at.toISOString(), at)).toBe("09:05:03.007");
    expect(clockOf(at.toISOString(), new Date(2026, 1, 1))).toBe("2026-01-31 09:05:03");
    expect(clockOf("no time", at)).toBe("no time");
  });
});
