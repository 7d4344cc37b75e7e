// What repeats an answer elsewhere. Nothing is left out in silence: what a form cannot hold is refused.

const shell = (word) => (/^[\w@.:,=+/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
const python = (word) => JSON.stringify(word);
const round = (value) => Math.round(value * 100) / 100;

/** The command line; one line a model. */
export function asCommand({ picture, models, regions, strokes, options }) {
  if (regions.some((one) => one.polygon)) throw new Error("The command takes boxes only. Copy as Python or as a macro to keep the polygons.");
  if (strokes.length) throw new Error("The command cannot paint parts away. Copy as Python, or put the parts back.");
  return models
    .map(({ model, framework, planes }) => {
      const words = ["zoobridge", "classify", model, picture.name];
      if (framework) words.push("--framework", framework);
      for (const one of regions) words.push("--region", `${one.x},${one.y},${one.width},${one.height}`);
      if (planes) words.push("--planes", planes);
      if (options.series !== undefined) words.push("--series", String(options.series));
      if (options.top_k) words.push("--top", String(options.top_k));
      if (options.fit) words.push("--fit", options.fit);
      if (options.intensity) words.push("--intensity", options.intensity);
      return words.map(shell).join(" ");
    })
    .join("\n");
}

// Masks as the page makes them: pixels whose centre lies inside, by the even-odd rule.
const POLYGON = `
def polygon(x, y, width, height, corners):
    rows, columns = np.ogrid[:height, :width]
    mask = np.zeros((height, width), bool)
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1]):
        crosses = (y1 > y + rows + 0.5) != (y2 > y + rows + 0.5)
        at = x1 + (y + rows + 0.5 - y1) * (x2 - x1) / ((y2 - y1) or 1)
        mask ^= crosses & (at <= x + columns + 0.5)
    return Region(x, y, width, height, mask=mask)
`;

const DISCS = `
def without(region, discs):
    rows, columns = np.ogrid[:region.height, :region.width]
    mask = np.ones((region.height, region.width), bool) if region.mask is None else region.mask
    for x, y, radius in discs:
        mask &= (region.x + columns + 0.5 - x) ** 2 + (region.y + rows + 0.5 - y) ** 2 > radius**2
    return Region(region.x, region.y, region.width, region.height, mask=mask)
`;

/** A Python program. */
export function asPython({ picture, models, regions, strokes, options }) {
  const shaped = regions.some((one) => one.polygon) || strokes.length;
  const lines = [...(shaped ? ["import numpy as np"] : []), "import zoobridge", ...(shaped ? ["from zoobridge.client import Region"] : [])];
  if (regions.some((one) => one.polygon)) lines.push("", POLYGON.trim());
  if (strokes.length) lines.push("", DISCS.trim());
  lines.push("", "client = zoobridge.connect()");
  const places = strokes.length && !regions.length ? [{ x: 0, y: 0, width: picture.facts.width, height: picture.facts.height }] : regions;
  const shared = [];
  if (places.length) {
    lines.push("regions = [");
    for (const one of places) {
      const box = `${one.x}, ${one.y}, ${one.width}, ${one.height}`;
      if (one.polygon) lines.push(`    polygon(${box}, [${one.polygon.map(([x, y]) => `(${x}, ${y})`).join(", ")}]),`);
      else lines.push(shaped ? `    Region(${box}),` : `    (${box}),`);
    }
    lines.push("]");
    if (strokes.length) {
      lines.push(`discs = [${strokes.map((disc) => `(${disc.map(round).join(", ")})`).join(", ")}]`, "regions = [without(region, discs) for region in regions]");
      shared.push("mask_fill=\"mean\"");
    }
    shared.push("regions=regions");
  }
  for (const [name, value] of Object.entries(options)) {
    if (value !== "" && value !== undefined) shared.push(`${name}=${typeof value === "number" ? value : python(value)}`);
  }
  for (const { model, framework, planes } of models) {
    const words = [python(model), python(picture.name), ...(framework ? [`framework=${python(framework)}`] : []), ...shared, ...(planes ? [`planes=${python(planes)}`] : [])];
    lines.push(`print(client.classify(${words.join(", ")}))`);
  }
  return lines.join("\n") + "\n";
}

const POSITION = { C: "channel", Z: "slice", T: "frame" };

/** A macro for ImageJ and Fiji. */
export function asMacro({ picture, models, regions, strokes, options }) {
  if (strokes.length) throw new Error("A macro cannot paint parts away. Copy as Python, or put the parts back.");
  if (options.series !== undefined) throw new Error("A macro cannot choose a picture of the file. Copy as a command or as Python.");
  if (options.fit) throw new Error("A macro cannot choose how a picture is fitted. Copy as a command or as Python, or leave Size as the model says.");
  const brackets = (word) => (/^[\w@.-]+$/.test(word) ? word : `[${word}]`);
  const lines = [`open(${JSON.stringify(picture.name)});`];
  const planes = Object.entries(picture.plane ?? {}).filter(([axis]) => axis in (picture.facts?.planes ?? {}));
  if (planes.length && models.some((one) => one.planes)) {
    const at = Object.fromEntries(planes);
    lines.push(`Stack.setPosition(${["C", "Z", "T"].map((axis) => (at[axis] ?? 0) + 1).join(", ")}); // ${planes.map(([axis]) => POSITION[axis] ?? axis).join(", ")}, counted from 1`);
  }
  if (regions.length) lines.push("roiManager(\"reset\");");
  for (const one of regions) {
    const shape = one.polygon ? `makePolygon(${one.polygon.flat().map(round).join(", ")})` : `makeRectangle(${one.x}, ${one.y}, ${one.width}, ${one.height})`;
    lines.push(`${shape};`, "roiManager(\"add\");");
  }
  for (const { model, framework, planes: chosen } of models) {
    const target = regions.length ? "[ROI Manager]" : chosen ? "[Current slice]" : "[Whole image]";
    const words = [...(framework ? [`framework=${framework}`] : []), `model=${brackets(model)}`, `target=${target}`];
    if (options.top_k) words.push(`top=${options.top_k}`);
    if (options.intensity) words.push(`intensity=${options.intensity}`);
    lines.push(`run("Classify...", "${words.join(" ")}");`);
  }
  return lines.join("\n") + "\n";
}
