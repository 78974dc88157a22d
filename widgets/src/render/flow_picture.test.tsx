/** The same frames give the same SVG; the golden file is small enough to read. */
import { render } from "preact-render-to-string";
import { expect, test } from "vitest";
import { ROW } from "../layout/flow_height.ts";
import { lanesOf } from "../layout/lanes.ts";
import { windowOf } from "../layout/window.ts";
import { shownRows } from "../scene/flow_groups.ts";
import { hop, SAMPLE } from "../scene/flow_sample.ts";
import { fromSnapshot } from "../scene/flow_scene.ts";
import { EVERYTHING } from "../scene/flow_view.ts";
import { FlowBars } from "./flow_bars.tsx";
import { FlowRow } from "./flow_row.tsx";

const pictureOf = (hops = SAMPLE.hops): string => {
  const scene = fromSnapshot({ ...SAMPLE, hops });
  const lanes = lanesOf(scene);
  const rows = shownRows(scene, EVERYTHING);
  const bars = render(<FlowBars rows={rows} lanes={lanes} sight={{ first: 0, last: rows.length }} />);
  const drawn = rows
    .map((shown, place) =>
      render(<FlowRow shown={shown} y={place * ROW} lanes={lanes} start={101} selected={false} onOpen={() => {}} />),
    )
    .join("\n");
  return `${bars}\n${drawn}`;
};

test("a flow is drawn as the golden file says", async () => {
  await expect(`${pictureOf()}\n`).toMatchFileSnapshot("golden/flow.svg");
});

test("hostile text is text", () => {
  const picture = pictureOf([hop(1, { name: "<img src=x onerror=alert(1)>", outcome: "</svg><script>" })]);
  expect(picture).not.toContain("<img");
  expect(picture).not.toContain("<script");
});

test("only rows in sight are drawn, however long the flow is", () => {
  expect(windowOf(30_000, 400, 30, 5_000)).toEqual({ first: 990, last: 1_024 });
  expect(windowOf(0, 400, 30, 5)).toEqual({ first: 0, last: 5 });
});
