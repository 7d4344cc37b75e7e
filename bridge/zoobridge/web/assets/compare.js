// Comparing models on labelled pictures.

import { get, post, remove, stream } from "./api.js";
import { breakable, bytes, complain, fill, h, labelled, milliseconds, select } from "./dom.js";
import { dropPlace, thumbnail } from "./pictures.js";

const COLUMNS = ["accuracy", "balanced_accuracy", "f1_macro", "auroc", "log_loss", "ece", "latency_p50", "throughput", "memory_bytes"];
const SHOWN = 60;

// What is kept while other views are looked at.
const state = { source: "here", path: "", mapping: {}, chosen: new Set(), run: null, count: 0 };

export async function show(frame, words, page) {
  const compare = new Compare(frame, page);
  await compare.start();
  return () => compare.end();
}

class Compare {
  constructor(frame, page) {
    this.frame = frame;
    this.page = page;
  }

  async start() {
    const { models } = await get("api/models");
    this.models = models.filter((one) => !one.problem).flatMap((one) => one.frameworks.map((framework) => `${one.reference}:${framework}`));
    this.pictures = (await get("api/pictures")).pictures;
    this.data = h("div");
    this.progress = h("div", { role: "status" });
    this.result = h("div");
    this.go = h("button", { onclick: () => this.run().catch(complain) }, "Compare");
    this.stop = h("button", { class: "plain", hidden: true, onclick: () => remove(`api/runs/${state.run}`).catch(complain) }, "Cancel");
    const filter = h("input", { type: "search", placeholder: "filter", "aria-label": "Filter models", oninput: () => draw() });
    const list = h("div", { class: "models" });
    const draw = () => fill(list, this.models.filter((name) => name.includes(filter.value)).slice(0, 300).map((name) => {
      const tick = h("input", { type: "checkbox", checked: state.chosen.has(name), onchange: () => (tick.checked ? state.chosen.add(name) : state.chosen.delete(name)) });
      return h("label", {}, tick, ` ${name}`);
    }));
    draw();
    const source = select([["here", "pictures from here"], ["server", "a folder of the server"]], state.source, (value) => {
      state.source = value;
      this.drawData();
    });
    fill(
      this.frame,
      h("div", { data: { keeps: "" } },
        h("h2", {}, "Compare"),
        h("p", {}, "Which model is right more often on your pictures? Sort some into one folder for each class, named like the class."),
        h("div", { class: "bar" }, labelled("Data", source)),
        this.data,
        h("fieldset", {}, h("legend", {}, "Models"), this.models.length > 8 ? filter : null, list),
        h("p", { class: "buttons" }, this.go, this.stop),
        this.progress,
        this.result,
      ),
    );
    this.drawData();
    if (state.run) this.follow().catch(complain);
  }

  end() {
    this.ended = true;
    this.following?.abort();
  }

  drawData() {
    if (state.source === "server") {
      const path = h("input", { size: "40", value: state.path, placeholder: "/lab/labelled", oninput: () => (state.path = path.value.trim()) });
      fill(this.data, labelled("Folder", path), h("p", { class: "quiet" }, "Below a folder that the server was started with (--allow-path)."));
      return;
    }
    const classes = new Map();
    for (const one of this.pictures) classes.set(one.label, (classes.get(one.label) ?? 0) + 1);
    const labelledOnes = [...classes].filter(([label]) => label).sort();
    const drop = dropPlace(this.page, (added) => {
      this.pictures.push(...added);
      this.drawData();
    }, { folder: true });
    fill(
      this.data,
      drop,
      labelledOnes.length ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Classes" }, h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ["class", "pictures", "the models call it", "action"].map((word) => h("th", { scope: "col" }, word)))),
        h("tbody", {}, labelledOnes.map(([label, count]) => {
          const other = h("input", { value: state.mapping[label] ?? "", placeholder: label, "aria-label": `What the models call ${label}`, oninput: () => (state.mapping[label] = other.value.trim()) });
          return h("tr", {}, h("td", {}, label), h("td", {}, String(count)), h("td", {}, other), h("td", {}, h("button", { class: "plain small", "aria-label": `Remove ${label}`, onclick: () => this.drop(label).catch(complain) }, "Remove")));
        })),
      )) : null,
      classes.get("") ? h("p", { class: "quiet" }, `${classes.get("")} pictures without a class are left out.`) : null,
    );
  }

  async drop(label) {
    for (const one of this.pictures.filter((picture) => picture.label === label)) await remove(`api/pictures/${one.id}`);
    this.pictures = this.pictures.filter((picture) => picture.label !== label);
    this.drawData();
  }

  async run() {
    const mapping = Object.fromEntries(Object.entries(state.mapping).filter(([, word]) => word));
    const pictures = this.pictures.filter((one) => one.label).map(({ id, label }) => ({ id, label }));
    const { id } = await post("api/runs", {
      models: [...state.chosen].filter((name) => this.models.includes(name)),
      ...(state.source === "server" ? { path: state.path } : { pictures }),
      mapping,
    });
    state.run = id;
    await this.follow();
  }

  async follow() {
    this.following?.abort();
    this.following = new AbortController();
    this.go.disabled = true;
    this.stop.hidden = false;
    let last = null;
    try {
      for await (const event of stream(`api/runs/${state.run}/events`, { signal: this.following.signal })) {
        if (this.ended) return;
        last = event;
        this.drawRun(event);
      }
      if (last && !last.end && !last.error) this.drawRun({ ...last, error: "the comparison ended before it was done" });
    } catch (error) {
      if (error.name !== "AbortError") state.run = null;
      throw error;
    } finally {
      this.go.disabled = false;
      this.stop.hidden = true;
    }
  }

  drawRun({ progress, rows, end, error }) {
    if (error) fill(this.progress, h("p", { class: "bad" }, error === "cancelled" ? "Cancelled. What was measured so far is below." : error));
    else if (end) fill(this.progress, h("p", { class: "good" }, "Done."));
    else if (progress) {
      fill(
        this.progress,
        h("progress", { max: String(progress.total * progress.models_total), value: String(progress.models_done * progress.total + (progress.models_done < progress.models_total ? progress.done % (progress.total || 1) : 0)), "aria-label": "Progress" }),
        h("p", {}, `${progress.model}: ${progress.done} of ${progress.total}${progress.failed ? `, ${progress.failed} failed` : ""}; ${progress.models_done} of ${progress.models_total} models done`),
      );
    } else fill(this.progress, h("progress", { "aria-label": "Progress" }), h("p", {}, "Starting…"));
    const parts = [];
    if (rows?.length) parts.push(table(rows));
    if (end) parts.push(this.ending(end));
    // The report is not reloaded for an event that changes nothing.
    const key = JSON.stringify([rows, Boolean(end)]);
    if (key !== this.drawn) fill(this.result, parts);
    this.drawn = key;
  }

  ending(end) {
    const base = `api/runs/${state.run}`;
    const mistakes = together(end.mistakes);
    const count = mistakes.length;
    return [
      h("h3", {}, "What may be concluded"),
      h("ul", {}, end.conclusions.map((one) => h("li", {}, one))),
      end.failures.length ? [h("h3", {}, "Not answered"), h("ul", {}, end.failures.slice(0, SHOWN).map((one) => h("li", {}, `${one.item} (${one.model}): ${one.reason}`)))] : null,
      end.report ? [
        h("h3", {}, `Mistakes (${count})`),
        count ? h("ul", { class: "gallery" }, mistakes.filter((one) => one.picture).slice(0, SHOWN).map((one) => this.mistake(one))) : h("p", {}, "None."),
        count > SHOWN ? h("p", { class: "quiet" }, `The first ${SHOWN} are shown; answers.csv has all.`) : null,
        h("h3", {}, "Report"),
        h("p", { class: "buttons" }, end.tables.map((name) => h("a", { class: "button plain", href: `${base}/files/${name}`, download: name }, name)), h("a", { class: "button plain", href: `${base}/report`, target: "_blank", rel: "noopener" }, "Open alone")),
        h("iframe", { class: "report", src: `${base}/report`, title: "Report of the comparison", sandbox: "" }),
      ] : h("p", { class: "quiet" }, "This server is older and sends no report; `zoobridge evaluate … --report` on its machine writes one."),
    ];
  }

  mistake(one) {
    const picture = this.pictures.find((other) => other.id === one.picture) ?? { id: one.picture, name: one.name ?? "picture" };
    const [model] = one.models[0].split(":");
    return h("li", {}, h("button", { onclick: () => (location.hash = `#playground/${[model, one.picture, picture.name].map(encodeURIComponent).join("/")}`) }, thumbnail(picture), h("br"), `${one.truth}, answered ${one.label || "nothing"}`, h("br"), h("small", {}, one.models.map((name, place) => [place ? ", " : null, breakable(name)]))));
  }
}

/** Rows that answer a picture in the same wrong way are shown together. */
function together(mistakes) {
  const found = new Map();
  for (const one of mistakes) {
    const key = JSON.stringify([one.item, one.label]);
    if (!found.has(key)) found.set(key, { ...one, models: [] });
    found.get(key).models.push(one.model);
  }
  return [...found.values()];
}

function table(rows) {
  const names = COLUMNS.filter((name) => rows.some((row) => name in row.values));
  const rest = names.length ? names : Object.keys(rows[0].values).slice(0, 8);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Measures" }, h(
    "table",
    { class: "measures" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "model"), rest.map((name) => h("th", { scope: "col", class: "number" }, name.replaceAll("_", " "))), h("th", { scope: "col", class: "number" }, "failed"))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.name), rest.map((name) => cell(row.values[name], name)), h("td", { class: "number" }, String(row.failed))))),
  ));
}

function cell(found, name) {
  if (!found || found.value === null) return h("td", { class: "quiet number", title: found?.reason ?? "" }, found?.reason ? "n/a" : "");
  const write = (value) => (name === "latency_p50" ? milliseconds(value) : name === "memory_bytes" ? bytes(value) : name === "throughput" ? `${value.toFixed(0)}/s` : value.toFixed(3));
  const interval = found.low === null || found.low === undefined ? null : h("small", { class: "quiet" }, h("br"), `${write(found.low)} to ${write(found.high)}`);
  return h("td", { class: "number" }, write(found.value), interval);
}
