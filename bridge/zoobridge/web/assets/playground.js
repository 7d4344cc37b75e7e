// The playground: pictures, models, and answers that appear while one looks.

import { get, remove, streamPost } from "./api.js";
import { bars, keyOf, LinkedTable, lookUpColors } from "./answers.js";
import { asCommand, asMacro, asPython } from "./commands.js";
import { complain, copy, fill, h, labelled, later, select } from "./dom.js";
import { planeControls } from "./planes.js";
import { dropPlace, openable, thumbnail, viewAddress } from "./pictures.js";
import { HeatPanel } from "./heatpanel.js";
import { Viewer } from "./viewer.js";

const TILES = 10000;
const TOOLS = { look: "Look", box: "Box", polygon: "Polygon", paint: "Paint away" };

// What is kept while other views are looked at.
const state = {
  pictures: [],
  picture: null,
  chosen: new Set(JSON.parse(localStorage.getItem("models") ?? "[]")),
  options: { top_k: 5, fit: "", intensity: "" },
  allPlanes: false,
};

export async function show(frame, words, page) {
  const playground = new Playground(frame, page);
  await playground.start(words);
  return () => playground.end();
}

class Playground {
  constructor(frame, page) {
    this.frame = frame;
    this.page = page;
    this.answers = [];
    this.colors = new Map();
    this.ask = later(40, () => this.classify().catch(complain));
    this.draw = later(30, () => this.drawAnswers());
  }

  async start([model, picture, name]) {
    const { models } = await get("api/models");
    this.known = models.filter((one) => !one.problem && one.frameworks.length).flatMap((one) => one.frameworks.map((framework) => ({ model: one.reference, framework, first: one.frameworks[0] === framework, side: one.input?.sizes.X?.min ?? 0, axes: one.input?.axes ?? "" })));
    if (model) {
      const own = this.known.filter((one) => one.model === model || one.model.split("@")[0] === model);
      state.chosen = new Set(own.filter((one) => one.first).map(nameOf));
    }
    if (![...this.known].some((one) => state.chosen.has(nameOf(one))) && this.known.length) state.chosen = new Set([nameOf(this.known[0])]);
    state.pictures = await openable(state.pictures, picture, name);
    this.build();
    this.pasted = (event) => {
      const files = [...event.clipboardData.files].map((file) => ({ file, label: "" }));
      if (files.length) this.drop.take(files);
    };
    this.serverBack = () => this.ask();
    document.addEventListener("paste", this.pasted);
    window.addEventListener("server-back", this.serverBack);
    const first = state.pictures.find((one) => one.id === (picture ?? state.picture?.id)) ?? state.pictures.at(-1);
    this.list();
    if (first) await this.open(first);
  }

  end() {
    document.removeEventListener("paste", this.pasted);
    window.removeEventListener("server-back", this.serverBack);
    this.asking?.abort();
    this.heat.clear();
    this.viewer.close();
    this.ended = true;
  }

  build() {
    this.drop = dropPlace(this.page, (added) => {
      state.pictures.push(...added);
      this.list();
      this.open(added[0]).catch(complain);
    });
    this.thumbs = h("ul", { class: "pictures", "aria-label": "Pictures" });
    this.canvas = h("canvas", { tabindex: "0", role: "application", "aria-label": "Picture. Arrows move, plus and minus zoom, 0 fits, b adds a box, arrows then move it and Shift with arrows resize it, Delete removes it." });
    this.hint = h("p", { class: "hint" }, "Drop a picture anywhere on the left, or take an example.");
    this.planes = h("div", { class: "bar" });
    this.tools = h("div", { class: "bar", role: "toolbar", "aria-label": "Tools" });
    this.barsBox = h("div", { "aria-live": "polite", class: "answers" });
    this.tableBox = h("div", { class: "linked scroll", tabindex: "0", role: "region", "aria-label": "Answers for each place" });
    this.legend = h("p", { class: "labels" });
    this.table = new LinkedTable(this.tableBox, (region) => this.pick(region, true));
    const side = h("div", {}, h("h2", {}, "Playground"), this.drop, this.thumbs, h("p", { class: "buttons" }, h("button", { class: "plain small", onclick: () => this.clear().catch(complain) }, "Remove all")), this.modelChoice(), this.optionChoice());
    const stage = h("div", {}, this.tools, h("div", { class: "stage" }, this.canvas, this.hint), this.planes, this.legend, this.tableBox);
    this.heatPlace = h("div");
    const said = h("div", {}, h("h2", {}, "Answers"), this.barsBox, this.heatPlace, this.copies());
    fill(this.frame, h("div", { class: "columns", data: { keeps: "" } }, side, stage, said));
    this.viewer = new Viewer(this.canvas, {
      changed: (regions) => {
        state.picture.regions = regions;
        this.ask();
      },
      chosen: (id) => this.pick(id, false),
      painted: () => this.ask(),
      failed: complain,
    });
    this.frame.viewer = this.viewer;
    this.heat = new HeatPanel(this.viewer, () => ({ picture: state.picture?.facts ? state.picture : null, models: this.models(false), place: this.place(), options: this.options(), strokes: this.viewer.strokes }), () => this.opening);
    fill(this.heatPlace, this.heat.box);
    this.drawTools();
  }

  drawTools() {
    const { viewer } = this;
    const tools = Object.entries(TOOLS).map(([name, shown]) =>
      h("button", { class: "small", "aria-pressed": String(viewer.tool === name), onclick: () => {
        viewer.tool = name;
        viewer.draft = null;
        this.drawTools();
      } }, shown),
    );
    // A tile of the model's own size is seen as it is.
    const side = this.known.find((one) => state.chosen.has(nameOf(one)))?.side;
    const tile = h("input", { type: "number", min: "2", value: String(this.tile ?? (side >= 16 ? side : 64)), onchange: () => (this.tile = Number(tile.value)) });
    const opacity = h("input", { type: "range", min: "0", max: "1", step: "0.05", value: String(viewer.opacity), oninput: () => {
      viewer.opacity = Number(opacity.value);
      viewer.draw();
    } });
    const brush = h("input", { type: "number", min: "1", value: String(viewer.brush), onchange: () => (viewer.brush = Math.max(1, Number(brush.value))) });
    fill(
      this.tools,
      tools,
      h("button", { class: "plain small", onclick: () => viewer.fit() }, "Fit"),
      h("button", { class: "plain small", onclick: () => viewer.removeChosen() }, "Remove"),
      h("button", { class: "plain small", onclick: () => this.setRegions([]) }, "Clear"),
      labelled("Tile", tile),
      h("button", { class: "plain small", onclick: () => this.grid(Number(tile.value)) }, "Class map"),
      labelled("Opacity", opacity),
      viewer.tool === "paint" ? labelled("Brush", brush) : null,
      viewer.strokes.length || viewer.tool === "paint" ? h("button", { class: "plain small", onclick: () => this.putBack() }, "Put back") : null,
    );
  }

  modelChoice() {
    const filter = h("input", { type: "search", placeholder: "filter", "aria-label": "Filter models", oninput: () => draw() });
    const box = h("div", { class: "models" });
    const draw = () => fill(box, this.known.filter((one) => nameOf(one).includes(filter.value)).slice(0, 200).map((one) => {
      const name = nameOf(one);
      const tick = h("input", { type: "checkbox", checked: state.chosen.has(name), onchange: () => {
        if (tick.checked) state.chosen.add(name);
        else state.chosen.delete(name);
        localStorage.setItem("models", JSON.stringify([...state.chosen]));
        this.heat.clear();
        this.ask();
      } });
      return h("label", {}, tick, ` ${one.model} · ${one.framework}`);
    }));
    draw();
    return h("fieldset", {}, h("legend", {}, "Models"), this.known.length > 8 ? filter : null, box);
  }

  optionChoice() {
    const change = (name) => (value) => {
      state.options[name] = value;
      this.heat.clear();
      this.ask();
    };
    const words = (list) => [["", "as the model says"], ...list.map((one) => [one, one.replaceAll("_", " ")])];
    return h(
      "details",
      {},
      h("summary", {}, "Options"),
      h("p", {}, labelled("Classes", select([1, 3, 5, 10].map((one) => [String(one), String(one)]), String(state.options.top_k), (value) => change("top_k")(Number(value))))),
      h("p", {}, labelled("Size", select(words(["stretch", "pad", "crop", "center", "refuse"]), state.options.fit, change("fit")))),
      h("p", {}, labelled("Intensity", select(words(["as_is", "dtype_range", "min_max"]), state.options.intensity, change("intensity")))),
    );
  }

  copies() {
    const asked = () => ({ picture: state.picture ?? { name: "picture.png" }, models: this.models(), regions: this.viewer.regions, strokes: this.viewer.strokes, options: this.options() });
    const button = (shown, write, what) => h("button", { class: "plain small", onclick: async () => {
      try {
        await copy(write(asked()), what);
      } catch (error) {
        complain(error);
      }
    } }, shown);
    return h("p", { class: "buttons" }, "Copy as", button("Command", asCommand, "Command"), button("Python", asPython, "Program"), button("Macro", asMacro, "Macro"));
  }

  list() {
    fill(this.thumbs, state.pictures.map((picture) => {
      const current = picture === state.picture;
      return h("li", {}, h("button", { "aria-current": current ? "true" : null, title: picture.name, onclick: () => this.open(picture).catch(complain) }, (picture.thumb ??= thumbnail(picture)), h("span", {}, picture.name.split("/").at(-1))));
    }));
  }

  async clear() {
    this.asking?.abort();
    await remove("api/pictures");
    state.pictures = [];
    state.picture = null;
    Object.assign(this.viewer, { size: null, regions: [], strokes: [] });
    this.viewer.draw();
    this.hint.hidden = false;
    this.answers = [];
    this.heat.clear();
    this.list();
    this.drawAnswers();
  }

  open(picture) {
    this.opening = this.describe(picture);
    return this.opening;
  }

  async describe(picture) {
    state.picture = picture;
    picture.plane ??= {};
    picture.regions ??= [];
    this.list();
    this.answers = [];
    this.before = null;
    this.hint.hidden = true;
    Object.assign(this.viewer, { regions: picture.regions, strokes: [], selected: null, size: null });
    this.heat.clear();
    // The answer does not wait for the view: a model may know a picture that cannot be shown.
    this.ask();
    try {
      picture.facts ??= await get(`api/pictures/${picture.id}${picture.series === undefined ? "" : `?series=${picture.series}`}`);
    } catch (error) {
      fill(this.planes, h("p", { class: "bad" }, error.message));
      this.viewer.draw();
      return;
    }
    if (state.picture !== picture || this.ended) return;
    this.drawPlanes();
    this.drawTools();
    await this.look();
    if (Object.keys(picture.facts.planes).length) this.ask();
  }

  look(keep = false) {
    const { picture, picture: { facts } } = state;
    return this.viewer.open({ width: facts.width, height: facts.height }, (box, longest) => viewAddress(picture, { plane: picture.plane, channel: picture.channel ?? -1, low: picture.low, high: picture.high, box, longest }), keep);
  }

  drawPlanes() {
    const again = later(60, () => this.look(true).catch(complain));
    fill(this.planes, planeControls(state.picture, state, {
      look: again,
      plane: () => {
        this.heat.clear();
        again();
        this.ask();
      },
      every: () => this.ask(),
      reset: () => this.drawPlanes(),
      series: (picture) => this.open(picture).catch(complain),
    }));
  }

  setRegions(regions) {
    this.viewer.regions = regions;
    this.viewer.choose(null);
    if (state.picture) state.picture.regions = regions;
    this.answers = [];
    this.ask();
  }

  grid(side) {
    const { size } = this.viewer;
    if (!size || !(side >= 2)) return;
    const tiles = [];
    for (let y = 0; y < size.height; y += side) {
      for (let x = 0; x < size.width; x += side) {
        tiles.push({ x, y, width: Math.min(side, size.width - x), height: Math.min(side, size.height - y), id: `r${Math.floor(y / side)} c${Math.floor(x / side)}`, tile: true });
      }
    }
    if (tiles.length > TILES) complain(new Error(`${tiles.length} tiles are too many; choose a larger tile (at most ${TILES} tiles)`));
    else this.setRegions(tiles);
  }

  putBack() {
    this.viewer.strokes = [];
    this.before = null;
    this.viewer.draw();
    this.drawTools();
    this.ask();
  }

  pick(id, centre) {
    this.viewer.choose(id);
    const region = this.viewer.regions.find((one) => one.id === id);
    if (centre && region) this.viewer.centre(region);
    this.table.select(id, !centre);
    this.drawAnswers(false);
  }

  /** The chosen models with the planes they take: all, or the one that is looked at. */
  models(allPlanes = state.allPlanes) {
    return this.known.filter((one) => state.chosen.has(nameOf(one))).map(({ model, framework, axes }) => ({ model, framework, planes: allPlanes ? "" : this.planesFor(axes) }));
  }

  /** The plane that is looked at, along the axes that the model does not take as a whole. */
  planesFor(axes) {
    const { picture } = state;
    if (!picture?.facts) return "";
    return Object.keys(picture.facts.planes).filter((axis) => !axes.includes(axis)).map((axis) => `${axis}=${picture.plane[axis] ?? 0}`).join(",");
  }

  /** The place that is chosen, or all of the picture. */
  place() {
    const { size, regions, selected } = this.viewer;
    const chosen = regions.find((one) => one.id === selected);
    return chosen ?? (size ? { x: 0, y: 0, width: size.width, height: size.height } : null);
  }

  options() {
    const { picture } = state;
    return { ...state.options, ...(picture?.series === undefined ? {} : { series: picture.series }) };
  }

  async classify() {
    const { picture } = state;
    this.asking?.abort();
    if (!picture || this.ended) return;
    const models = this.models();
    // Where nothing was painted away before, the answers so far are what is compared with.
    const { strokes, regions } = this.viewer;
    if (strokes.length && !this.before) this.before = this.answers;
    if (!strokes.length) this.before = null;
    this.asking = new AbortController();
    const { signal } = this.asking;
    const answers = models.map(() => ({ results: new Map() }));
    const key = JSON.stringify([models.map(nameOf), regions.length]);
    // What is known is shown until there is something new.
    if (this.key !== key) this.answers = answers;
    this.key = key;
    this.asked = models;
    this.frame.dataset.asking = "";
    this.draw();
    if (!models.length) {
      delete this.frame.dataset.asking;
      return;
    }
    const body = { picture: picture.id, models, regions, options: this.options(), painted: strokes, ...(strokes.length ? { width: picture.facts.width, height: picture.facts.height } : {}) };
    if (strokes.length) body.options.mask_fill = "mean";
    try {
      for await (const event of streamPost("api/classify", body, signal)) {
        if (event.error && event.model === undefined) throw new Error(event.error.message);
        const answer = answers[event.model];
        for (const result of event.results ?? []) {
          // What is wrong with the picture as a whole is wrong for every place in it.
          if (result.error && !result.region && (regions.length || strokes.length)) answer.error = result.error;
          else answer.results.set(keyOf(result), result);
        }
        for (const name of ["identity", "error", "done", "seconds"]) if (name in event) answer[name] = event[name];
        if (event.results || event.error) this.answers[event.model] = answer;
        this.draw();
      }
      this.answers = answers;
      await lookUpColors(models, this.colors);
      delete this.frame.dataset.asking;
    } catch (error) {
      if (error.name !== "AbortError") delete this.frame.dataset.asking;
      complain(error);
    }
    this.draw();
  }

  drawAnswers(all = true) {
    if (this.ended) return;
    const models = this.asked ?? [];
    const { viewer } = this;
    if (all) {
      this.table.draw(models, this.answers, viewer.regions);
      this.table.select(viewer.selected, false);
      this.paintClasses(models);
    }
    const chosen = viewer.selected ?? viewer.regions[0]?.id ?? "";
    const keys = this.answers.flatMap((one) => [...(one?.results.keys() ?? [])]).filter((one) => one.startsWith(`${chosen}|`));
    const key = keys.find((one) => !one.endsWith("|")) ?? `${chosen}|`;
    if (state.picture) bars(this.barsBox, models, this.answers, key, this.before);
    else fill(this.barsBox, h("p", { class: "quiet" }, "Answers appear here."));
  }

  /** Give regions the first model's classes as colours and labels. */
  paintClasses(models) {
    const { viewer } = this;
    viewer.colors.clear();
    viewer.labels.clear();
    const colors = this.colors.get(models[0]?.model);
    const counts = new Map();
    for (const result of this.answers[0]?.results.values() ?? []) {
      const label = result.top?.[0]?.label;
      if (label === undefined) continue;
      viewer.labels.set(result.region, label);
      if (colors?.has(label)) viewer.colors.set(result.region, colors.get(label));
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    fill(this.legend, viewer.regions.length > 1 ? [...counts].map(([label, count]) => h("span", { class: "label" }, h("i", { style: { background: colors?.get(label) ?? "#ffd54a" } }), `${label}: ${count}`)) : null);
    viewer.draw();
  }
}

const nameOf = (one) => `${one.model}:${one.framework}`;
