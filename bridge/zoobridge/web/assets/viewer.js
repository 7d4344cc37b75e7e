// A picture on a canvas: looked at, drawn on, painted away.

import { blob } from "./api.js";
import { later } from "./dom.js";
import { paintOver } from "./overlay.js";
import { boxOf } from "./shapes.js";

const OVERVIEW = 2048;
const HANDLE = 6;

/**
 * Shows a plane of a picture with regions on it.
 *
 * Calls `changed(regions)` when a region is drawn, moved or removed, `chosen(id)` when one is
 * clicked, and `painted(strokes)` when a part is painted away. All coordinates are pixels of the
 * picture.
 */
export class Viewer {
  constructor(canvas, calls) {
    this.canvas = canvas;
    this.calls = calls;
    this.context = canvas.getContext("2d");
    this.tool = "look";
    this.regions = [];
    this.strokes = [];
    // Coloured boxes that lie over the picture.
    this.heat = [];
    this.brush = 8;
    this.opacity = 0.5;
    this.colors = new Map();
    this.labels = new Map();
    this.selected = null;
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.size = null;
    this.frames = 0;
    this.pending = null;
    this.fetches = { overview: null, detail: null };
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas);
    this.sharpen = later(180, () => this.loadDetail());
    for (const [kind, action] of [["pointerdown", this.down], ["pointermove", this.move], ["pointerup", this.up], ["pointercancel", this.up], ["dblclick", this.finish], ["keydown", this.key]]) {
      canvas.addEventListener(kind, action.bind(this));
    }
    canvas.addEventListener("wheel", this.wheel.bind(this), { passive: false });
  }

  close() {
    this.observer.disconnect();
    for (const one of Object.values(this.fetches)) one?.abort();
  }

  /** Show a picture's plane; `view(box, longest)` gives the address of a part of it. */
  async open(size, view, keep = false) {
    this.size = size;
    this.view = view;
    this.detail = null;
    if (!keep) {
      this.overview = null;
      this.fit();
    }
    await this.load("overview", [0, 0, size.width, size.height]);
    if (!keep) this.fit();
    this.sharpen();
  }

  async load(kind, box) {
    this.fetches[kind]?.abort();
    const control = (this.fetches[kind] = new AbortController());
    try {
      const data = await blob(this.view(box, OVERVIEW), { signal: control.signal });
      this[kind] = { picture: await createImageBitmap(data), box };
      this.draw();
    } catch (error) {
      if (error.name !== "AbortError") this.calls.failed(error);
    }
  }

  /** Fetch the part that is looked at, where it has more pixels than the overview shows. */
  loadDetail() {
    if (!this.size || !this.overview) return;
    const reduced = Math.max(this.size.width, this.size.height) / OVERVIEW;
    if (reduced <= 1 || this.scale * devicePixelRatio * reduced <= 1.1) return;
    const { clientWidth, clientHeight } = this.canvas;
    const x = Math.max(0, Math.floor(this.x));
    const y = Math.max(0, Math.floor(this.y));
    const width = Math.min(this.size.width - x, Math.ceil(clientWidth / this.scale) + 1);
    const height = Math.min(this.size.height - y, Math.ceil(clientHeight / this.scale) + 1);
    if (width > 0 && height > 0) this.load("detail", [x, y, width, height]);
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(clientHeight * devicePixelRatio);
    if (this.untouched) this.fit();
    this.draw();
  }

  fit() {
    if (!this.size) return;
    const { clientWidth, clientHeight } = this.canvas;
    this.scale = Math.min(clientWidth / this.size.width, clientHeight / this.size.height) * 0.96 || 1;
    this.x = this.size.width / 2 - clientWidth / this.scale / 2;
    this.y = this.size.height / 2 - clientHeight / this.scale / 2;
    this.untouched = true;
    this.draw();
  }

  centre(region) {
    const { clientWidth, clientHeight } = this.canvas;
    const wanted = Math.min(clientWidth / region.width, clientHeight / region.height) / 3;
    if (region.width * this.scale < 24 || region.width * this.scale > clientWidth) this.scale = wanted;
    this.x = region.x + region.width / 2 - clientWidth / this.scale / 2;
    this.y = region.y + region.height / 2 - clientHeight / this.scale / 2;
    this.untouched = false;
    this.sharpen();
    this.draw();
  }

  zoom(factor, atX = this.canvas.clientWidth / 2, atY = this.canvas.clientHeight / 2) {
    const x = this.x + atX / this.scale;
    const y = this.y + atY / this.scale;
    this.scale = Math.min(80, Math.max(0.005, this.scale * factor));
    this.x = x - atX / this.scale;
    this.y = y - atY / this.scale;
    this.untouched = false;
    this.sharpen();
    this.draw();
  }

  pan(byX, byY) {
    this.x += byX / this.scale;
    this.y += byY / this.scale;
    this.untouched = false;
    this.sharpen();
    this.draw();
  }

  /** Draw with the next frame. */
  draw() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.paint();
    });
  }

  paint() {
    const { context: pen, canvas } = this;
    this.frames += 1;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.size) return;
    const scale = this.scale * devicePixelRatio;
    pen.setTransform(scale, 0, 0, scale, -this.x * scale, -this.y * scale);
    pen.imageSmoothingEnabled = this.scale < 1;
    for (const one of [this.overview, this.detail]) if (one) pen.drawImage(one.picture, ...one.box);
    paintOver(pen, this);
  }

  place(event) {
    const frame = this.canvas.getBoundingClientRect();
    return [this.x + (event.clientX - frame.left) / this.scale, this.y + (event.clientY - frame.top) / this.scale];
  }

  hit(x, y) {
    const inside = this.regions.filter((one) => x >= one.x && y >= one.y && x < one.x + one.width && y < one.y + one.height);
    return inside.sort((a, b) => a.width * a.height - b.width * b.height)[0] ?? null;
  }

  down(event) {
    if (!this.size || event.button > 1) return;
    this.canvas.setPointerCapture(event.pointerId);
    const [x, y] = this.place(event);
    const tool = event.button === 1 ? "look" : this.tool;
    if (tool === "polygon") {
      this.draft ??= { tool, corners: [] };
      this.draft.corners.push([x, y]);
      this.draft.shape = { polygon: this.draft.corners };
    } else {
      this.draft = { tool, x, y, clientX: event.clientX, clientY: event.clientY };
      if (tool === "paint") this.dab(x, y);
    }
    this.draw();
  }

  move(event) {
    const { draft } = this;
    if (!draft) return;
    const [x, y] = this.place(event);
    if (draft.tool === "look") {
      const moved = Math.hypot(event.clientX - draft.clientX, event.clientY - draft.clientY);
      if (!draft.moved && moved < 4) return;
      this.pan(draft.clientX - event.clientX, draft.clientY - event.clientY);
      Object.assign(draft, { moved: true, clientX: event.clientX, clientY: event.clientY });
    } else if (draft.tool === "box") {
      draft.shape = boxOf(draft.x, draft.y, x, y);
    } else if (draft.tool === "paint") {
      this.dab(x, y);
    } else if (draft.tool === "polygon") {
      draft.shape = { polygon: [...draft.corners, [x, y]] };
    }
    this.draw();
  }

  up(event) {
    const { draft } = this;
    if (!draft || draft.tool === "polygon") return;
    this.draft = null;
    if (draft.tool === "look" && !draft.moved) {
      const found = this.hit(...this.place(event));
      this.choose(found?.id ?? null);
      this.calls.chosen(this.selected);
    } else if (draft.tool === "box" && draft.shape) {
      this.add(draft.shape);
    } else if (draft.tool === "paint") {
      this.calls.painted(this.strokes);
    }
    this.draw();
  }

  /** End a polygon with a double click. */
  finish() {
    const { draft } = this;
    if (draft?.tool !== "polygon") {
      if (this.tool === "look") this.fit();
      return;
    }
    this.draft = null;
    const corners = draft.corners.filter(([x, y], index, all) => index === 0 || Math.hypot(x - all[index - 1][0], y - all[index - 1][1]) > 1 / this.scale);
    if (corners.length >= 3) {
      const xs = corners.map((one) => one[0]);
      const ys = corners.map((one) => one[1]);
      this.add({ ...boxOf(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)), polygon: corners });
    }
    this.draw();
  }

  dab(x, y) {
    this.strokes.push([x, y, this.brush]);
  }

  add(shape) {
    const box = this.clipped(shape);
    if (!box) return;
    const taken = new Set(this.regions.map((one) => one.id));
    let number = this.regions.length + 1;
    while (taken.has(String(number))) number += 1;
    const region = { ...box, id: String(number) };
    if (shape.polygon) region.polygon = shape.polygon;
    this.regions = [...this.regions.filter((one) => !one.tile), region];
    this.choose(region.id);
    this.calls.changed(this.regions);
    this.calls.chosen(region.id);
  }

  /** Return a box inside the picture; nothing where it has no pixel there. */
  clipped({ x, y, width, height }) {
    const left = Math.max(0, Math.floor(x));
    const top = Math.max(0, Math.floor(y));
    const right = Math.min(this.size.width, Math.ceil(x + width));
    const bottom = Math.min(this.size.height, Math.ceil(y + height));
    if (right - left < 2 || bottom - top < 2) return null;
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  choose(id) {
    this.selected = id;
    this.draw();
  }

  removeChosen() {
    if (this.selected === null) return;
    this.regions = this.regions.filter((one) => one.id !== this.selected);
    this.choose(null);
    this.calls.changed(this.regions);
  }

  wheel(event) {
    event.preventDefault();
    const frame = this.canvas.getBoundingClientRect();
    this.zoom(1.0015 ** -event.deltaY, event.clientX - frame.left, event.clientY - frame.top);
  }

  key(event) {
    const chosen = this.regions.find((one) => one.id === this.selected);
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step && chosen && !chosen.tile && !chosen.polygon) {
      const by = Math.max(1, Math.round(HANDLE / this.scale));
      const change = event.shiftKey
        ? { width: chosen.width + step[0] * by, height: chosen.height + step[1] * by }
        : { x: chosen.x + step[0] * by, y: chosen.y + step[1] * by };
      const box = this.clipped({ ...chosen, ...change });
      if (box) Object.assign(chosen, box);
      this.calls.changed(this.regions);
    } else if (step) this.pan(step[0] * 60, step[1] * 60);
    else if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else if (event.key === "Delete" || event.key === "Backspace") this.removeChosen();
    else if (event.key === "b" && this.size) {
      const side = Math.min(this.size.width, this.size.height, this.canvas.clientHeight / this.scale) / 3;
      const x = this.x + this.canvas.clientWidth / this.scale / 2 - side / 2;
      const y = this.y + this.canvas.clientHeight / this.scale / 2 - side / 2;
      this.add({ x, y, width: side, height: side });
    } else if (event.key === "Enter") this.finish();
    else if (event.key === "Escape") {
      this.draft = null;
      this.choose(null);
      this.calls.chosen(null);
    } else return;
    event.preventDefault();
    this.draw();
  }
}
