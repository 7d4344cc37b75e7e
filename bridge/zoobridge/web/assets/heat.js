// Which places an answer rests on: how far the score falls where each is covered.
// M. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014.

import { streamPost } from "./api.js";

// Pixels of the masks of one request.
const TOGETHER = 32 * 2 ** 20;

/** Windows that cover a box, row by row. */
export function windowsOf(box, count) {
  const across = Math.ceil(box.width / count);
  const down = Math.ceil(box.height / count);
  const found = [];
  for (let y = box.y; y < box.y + box.height; y += down) {
    for (let x = box.x; x < box.x + box.width; x += across) {
      found.push({ x, y, width: Math.min(across, box.x + box.width - x), height: Math.min(down, box.y + box.height - y) });
    }
  }
  return found;
}

/**
 * Cover window after window with the mean of the rest, and yield `{ plain, windows }` as scores come:
 * the scores of the unchanged item, and of each window that was covered so far.
 */
export async function* occlude({ picture, model, place, count, options, strokes, signal }) {
  const windows = windowsOf(place, count).map((one) => ({ ...one, scores: null }));
  const area = place.width * place.height;
  if (area > TOGETHER) throw new Error("This place is too large for a heat map; draw a box around what matters (at most 33 megapixels).");
  const covered = (one, id) => ({ ...place, id: String(id), hole: [one.x, one.y, one.width, one.height] });
  const each = Math.max(1, Math.floor(TOGETHER / area));
  let plain = null;
  for (let first = 0; first < windows.length; first += each) {
    const regions = windows.slice(first, first + each).map((one, place) => covered(one, first + place));
    if (!first) regions.unshift({ ...place, id: "plain" });
    const body = { picture, models: [model], regions, painted: strokes, options: { ...options, all_scores: true, mask_fill: "mean" } };
    for await (const event of streamPost("api/classify", body, signal)) {
      if (event.error) throw new Error(event.error.message);
      for (const result of event.results ?? []) {
        if (result.error) throw new Error(result.error.message);
        if (!result.scores) throw new Error("This model gives no scores, which a heat map needs; choose another one.");
        if (result.region === "plain") plain = result.scores;
        else windows[Number(result.region)].scores = result.scores;
      }
      if (plain) yield { plain, windows };
    }
  }
}

/** Colour of a change between -1 and 1: red where the score rests on the place, blue where it hides. */
export function heatColor(share) {
  const strength = Math.min(1, Math.abs(share));
  return share >= 0 ? `rgb(214 40 40 / ${strength})` : `rgb(38 84 200 / ${strength})`;
}
