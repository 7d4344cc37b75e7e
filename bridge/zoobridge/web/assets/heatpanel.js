// The heat map's controls: model, class, windows, cancel, and the scale.

import { get } from "./api.js";
import { complain, fill, h, labelled, score, select } from "./dom.js";
import { heatColor, occlude } from "./heat.js";

// The least change that takes the whole scale.
const LEAST = 0.01;

/**
 * Shows what an answer rests on as colours over the picture.
 *
 * `asked()` returns `{ picture, models, place, options, strokes }` as they are now, and `opened()` a
 * promise that is kept once the picture is described.
 */
export class HeatPanel {
  constructor(viewer, asked, opened) {
    this.viewer = viewer;
    this.asked = asked;
    this.opened = opened;
    this.count = 7;
    this.box = h("section", { class: "heat", "aria-label": "Heat map" });
    this.clear();
  }

  /** Forget the map, as when another picture is opened. */
  clear() {
    this.control?.abort();
    this.control = null;
    this.found = null;
    this.viewer.heat = [];
    this.viewer.draw();
    this.draw();
  }

  async start(model) {
    this.clear();
    await this.opened();
    const { picture, place, options, strokes } = this.asked();
    if (!picture || !place) throw new Error("Open a picture first.");
    const control = (this.control = new AbortController());
    this.draw();
    try {
      const { labels } = await get(`api/models/${encodeURIComponent(model.model)}`);
      for await (const { plain, windows } of occlude({ picture: picture.id, model, place, count: this.count, options, strokes, signal: control.signal })) {
        const index = this.found?.index ?? plain.indexOf(Math.max(...plain));
        this.found = { plain, windows, labels, index, model };
        this.draw();
      }
    } finally {
      // Another map may be under way by now.
      if (this.control === control) {
        this.control = null;
        this.draw();
      }
    }
  }

  draw() {
    const { found } = this;
    const running = this.control !== null;
    this.box.toggleAttribute("data-running", running);
    fill(this.box, h("h3", {}, "Heat map"), running ? this.progress() : this.begin(), found ? this.scale() : null);
    if (!found) return;
    const changes = this.changes();
    // A change that nobody would notice is not blown up to full colour.
    const most = Math.max(...changes.map(({ change }) => Math.abs(change)), LEAST);
    this.viewer.heat = changes.map(({ change, ...one }) => ({ ...one, change, color: heatColor(change / most) }));
    this.viewer.draw();
  }

  /** How far the chosen class' score falls where each window is covered. */
  changes() {
    const { plain, windows, index } = this.found;
    return windows.filter((one) => one.scores).map((one) => ({ x: one.x, y: one.y, width: one.width, height: one.height, change: plain[index] - one.scores[index] }));
  }

  begin() {
    const { models } = this.asked();
    if (!models.length) return h("p", { class: "quiet" }, "Choose a model first.");
    const chosen = models[this.number] ? this.number : 0;
    const names = models.map((one, place) => [String(place), `${one.model} · ${one.framework}`]);
    const count = h("input", { type: "number", min: "2", max: "24", value: String(this.count), onchange: () => (this.count = Math.min(24, Math.max(2, Math.round(Number(count.value)) || 7))) });
    return [
      h("p", { class: "quiet" }, "Covers the picture, or the chosen place, window by window, and shows how far the score falls."),
      h(
        "p",
        { class: "buttons" },
        models.length > 1 ? labelled("Model", select(names, String(chosen), (value) => (this.number = Number(value)))) : null,
        labelled("Windows", count),
        h("button", { class: "plain small", onclick: () => this.start(this.asked().models[this.number] ?? this.asked().models[0]).catch(complain) }, "Show heat map"),
      ),
    ];
  }

  progress() {
    const windows = this.found?.windows ?? [];
    const done = windows.filter((one) => one.scores).length;
    return [
      h("progress", { max: String(windows.length || 1), value: String(done), "aria-label": "Windows that were covered" }),
      h("p", { class: "buttons" }, h("button", { class: "plain small", onclick: () => this.clear() }, "Cancel")),
    ];
  }

  scale() {
    const { plain, labels, index, model } = this.found;
    const greatest = Math.max(...this.changes().map(({ change }) => Math.abs(change)), 0);
    const most = Math.max(greatest, LEAST);
    const label = labels[index] ?? String(index);
    return h(
      "div",
      { role: "group", "aria-label": "Scale" },
      labelled("Class", select(labels.map((one, place) => [String(place), one]), String(index), (value) => {
        this.found.index = Number(value);
        this.draw();
      })),
      h("div", { class: "heat-scale", "aria-hidden": "true" }),
      h("p", { class: "ends" }, h("span", {}, `−${score(most)}`), h("span", {}, "0"), h("span", {}, `+${score(most)}`)),
      greatest < LEAST ? h("p", { class: "bad" }, `No window matters by itself: the score changes by at most ${greatest.toPrecision(1)}. Try fewer, larger windows.`) : null,
      h("p", { class: "quiet" }, `Red: the score of ${label} (${score(plain[index])} by ${model.model}) falls when this place is covered; blue: it rises. Opacity is set above the picture.`),
      h("p", { class: "buttons" }, h("button", { class: "plain small", onclick: () => this.clear() }, "Remove heat map")),
    );
  }
}
