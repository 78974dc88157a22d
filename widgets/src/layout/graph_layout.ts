/** How the picture of the graph lies on its stage: which arrangement, at what scale, and what of it is out of sight. */
import type { GraphPicture } from "../protocol/generated/graph.ts";

export type Size = { readonly width: number; readonly height: number };
/** Where the picture's top left corner is on the stage, and its scale. */
export type Lie = { readonly x: number; readonly y: number; readonly k: number };

const LARGEST = 1.2;
/** The stage's height follows the picture, within these. */
const HEIGHT = { least: 280, most: 640 };
/** What is hidden of the picture's margin is not missed. */
const SLACK = 8;

/** The widest picture that can be read in so many pixels, else the narrowest. */
export const pictureFor = (
  pictures: readonly GraphPicture[],
  room: number,
  legible: number,
): GraphPicture | undefined => pictures.find((one) => one.width * legible <= room) ?? pictures.at(-1);

const among = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** All of it in the middle, or, where that would be smaller than `least`, its beginning. */
export const lieOf = (picture: Size, stage: Size, least: number): Lie => {
  const k = Math.max(Math.min(stage.width / picture.width, stage.height / picture.height, LARGEST), least);
  const x = Math.max((stage.width - picture.width * k) / 2, 0);
  const y = Math.max((stage.height - picture.height * k) / 2, 0);
  return { x, y, k };
};

/** How tall the stage is, given its width. */
export const heightFor = (picture: Size, width: number, legible: number): number => {
  const { k } = lieOf(picture, { width, height: HEIGHT.most }, legible);
  return Math.round(among(picture.height * k, HEIGHT.least, HEIGHT.most));
};

/** In which directions there is more of the picture than the stage shows; "" where all is in sight. */
export const moreOf = (picture: Size, stage: Size, lie: Lie): string => {
  const right = lie.x + picture.width * lie.k;
  const bottom = lie.y + picture.height * lie.k;
  return [
    lie.x < -SLACK ? "←" : "",
    lie.y < -SLACK ? "↑" : "",
    bottom > stage.height + SLACK ? "↓" : "",
    right > stage.width + SLACK ? "→" : "",
  ].join("");
};

/** How far a picture moves so that something that has the keyboard's focus is in sight: as little as can be. */
export const nudge = (start: number, end: number, room: number): number => {
  if (start < SLACK || end - start > room - 2 * SLACK) {
    return SLACK - start;
  }
  return end > room - SLACK ? room - SLACK - end : 0;
};
