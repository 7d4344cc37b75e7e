// What repeats an answer elsewhere.

const shell = (word) => (/^[\w@.:,=+/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
const python = (word) => JSON.stringify(word);

/** The command line; one line a model. */
export function asCommand({ picture, models, regions, options }) {
  return models
    .map(({ model, framework }) => {
      const words = ["zoobridge", "classify", model, picture.name];
      if (framework) words.push("--framework", framework);
      for (const one of regions) words.push("--region", `${one.x},${one.y},${one.width},${one.height}`);
      if (options.planes) words.push("--planes", options.planes);
      if (options.top_k) words.push("--top", String(options.top_k));
      if (options.fit) words.push("--fit", options.fit);
      if (options.intensity) words.push("--intensity", options.intensity);
      return words.map(shell).join(" ");
    })
    .join("\n");
}

/** A Python program. */
export function asPython({ picture, models, regions, options }) {
  const lines = ["import zoobridge", "", "client = zoobridge.connect()"];
  const shared = [];
  if (regions.length) {
    lines.push("regions = [");
    for (const one of regions) lines.push(`    (${one.x}, ${one.y}, ${one.width}, ${one.height}),`);
    lines.push("]");
    shared.push("regions=regions");
  }
  for (const [name, value] of Object.entries(options)) {
    if (value) shared.push(`${name}=${typeof value === "number" ? value : python(value)}`);
  }
  for (const { model, framework } of models) {
    const words = [python(model), python(picture.name), ...(framework ? [`framework=${python(framework)}`] : []), ...shared];
    lines.push(`print(client.classify(${words.join(", ")}))`);
  }
  return lines.join("\n") + "\n";
}

/** A macro for ImageJ and Fiji. */
export function asMacro({ picture, models, regions, options }) {
  const brackets = (word) => (/^[\w@.-]+$/.test(word) ? word : `[${word}]`);
  const lines = [`open(${JSON.stringify(picture.name)});`];
  if (regions.length) lines.push("roiManager(\"reset\");");
  for (const one of regions) {
    lines.push(`makeRectangle(${one.x}, ${one.y}, ${one.width}, ${one.height});`, "roiManager(\"add\");");
  }
  const target = regions.length ? "[ROI Manager]" : "[Whole image]";
  for (const { model, framework } of models) {
    const words = [...(framework ? [`framework=${framework}`] : []), `model=${brackets(model)}`, `target=${target}`];
    if (options.top_k) words.push(`top=${options.top_k}`);
    lines.push(`run("Classify...", "${words.join(" ")}");`);
  }
  return lines.join("\n") + "\n";
}
