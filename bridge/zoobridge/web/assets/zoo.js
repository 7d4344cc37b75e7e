// The zoo: what there is, what it expects, and whether it is loaded.

import { get, post } from "./api.js";
import { bytes, complain, copy, fill, h, labelled, milliseconds, note, select } from "./dom.js";

const state = { search: "", framework: "", shown: "" };

export async function show(frame, words, page) {
  const count = h("p", { class: "quiet", role: "status" });
  const cards = h("ul", { class: "cards" });
  let found = { models: [], frameworks: [] };

  const search = h("input", {
    type: "search",
    placeholder: "name, class, tag, licence…",
    value: state.search,
    oninput: () => {
      state.search = search.value;
      draw();
    },
  });
  const frameworks = h("span");
  fill(
    frame,
    h(
      "div",
      { class: "bar" },
      h("h2", {}, "Models"),
      labelled("Search", search),
      frameworks,
      labelled(
        "Show",
        select([["", "all"], ["ready", "ready"], ["loaded", "loaded"], ["broken", "broken"]], state.shown, (value) => {
          state.shown = value;
          draw();
        }),
      ),
      count,
    ),
    cards,
  );

  function draw() {
    const wanted = found.models.filter((model) => fits(model));
    fill(count, `${wanted.length} of ${found.models.length} models`);
    fill(cards, wanted.map((model) => card(model, page, reload)));
  }

  async function reload() {
    found = await get("api/models");
    const names = [["", "all"], ...found.frameworks.map((one) => [one.name, one.problem ? `${one.name} (not ready)` : one.name])];
    fill(frameworks, labelled("Framework", select(names, state.framework, (value) => {
      state.framework = value;
      draw();
    })));
    draw();
  }

  await reload();
  if (words[0]) details(words[0], page, reload).catch(complain);
}

function fits(model) {
  const text = [model.id, model.name, model.description, model.license, ...model.tags, ...model.labels].join(" ").toLowerCase();
  if (!state.search.toLowerCase().split(/\s+/).every((word) => text.includes(word))) return false;
  if (state.framework && !model.frameworks.includes(state.framework)) return false;
  if (state.shown === "ready") return !model.problem && model.frameworks.length > 0;
  if (state.shown === "loaded") return model.loaded.length > 0;
  if (state.shown === "broken") return Boolean(model.problem);
  return true;
}

function card(model, page, reload) {
  const labels = model.labels.slice(0, 6).join(", ") + (model.classes > 6 ? ", …" : "");
  return h(
    "li",
    { class: `card${model.problem ? " broken" : ""}`, data: { model: model.reference } },
    cover(model),
    h("h3", {}, h("button", { class: "link", onclick: () => details(model.reference, page, reload).catch(complain) }, model.name || model.id)),
    h("p", { class: "quiet" }, model.reference),
    h("p", {}, model.description),
    model.classes ? h("p", { class: "quiet" }, `${model.classes} classes: ${labels}`) : null,
    h("p", { class: "chips" }, model.frameworks.map((one) => h("span", { class: "chip" }, one)), model.license ? h("span", { class: "chip plain" }, model.license) : null),
    h("p", { class: "state" }, stateOf(model)),
    model.problem ? null : h("p", { class: "buttons" }, h("a", { class: "button", href: `#playground/${encodeURIComponent(model.reference)}` }, "Try it")),
  );
}

function cover(model) {
  const box = h("div", { class: "cover", "aria-hidden": "true" });
  if (!model.problem) {
    const picture = h("img", { alt: "", loading: "lazy", src: `api/models/${encodeURIComponent(model.reference)}/cover` });
    picture.addEventListener("error", () => picture.remove());
    box.append(picture);
  }
  return box;
}

function stateOf(model) {
  if (model.problem) return [h("strong", { class: "bad" }, "broken: "), model.problem];
  if (!model.loaded.length) return model.frameworks.length ? "not loaded" : "no framework for it is ready";
  return model.loaded.map((one) => h("span", { class: "good" }, `loaded: ${one.framework} on ${one.device}, ${bytes(one.memory_bytes)} `));
}

async function details(reference, page, reload) {
  const model = await get(`api/models/${encodeURIComponent(reference)}`);
  const body = h("div");
  const dialog = h(
    "dialog",
    { class: "wide", "aria-labelledby": "model-title", onclose: () => dialog.remove() },
    h("p", { class: "buttons end" }, h("button", { class: "plain", onclick: () => dialog.close() }, "Close")),
    body,
  );
  fill(body, description(model, page, async () => {
    dialog.close();
    await reload();
    await details(reference, page, reload);
  }));
  document.body.append(dialog);
  dialog.showModal();
}

function description(model, page, again) {
  const { input } = model;
  const sizes = input ? Object.entries(input.sizes).map(([axis, size]) => `${axis} ${size.min}${size.step ? ` + n × ${size.step}` : ""}`).join(", ") : "";
  const citations = model.citations.map((one) => `${one.text}${one.doi ? ` https://doi.org/${one.doi}` : ""}${one.url ? ` ${one.url}` : ""}`);
  return [
    h("h2", { id: "model-title" }, model.name || model.id),
    h("p", {}, model.description),
    h("p", { class: "state" }, stateOf(model)),
    h(
      "dl",
      {},
      pair("Reference", model.reference),
      model.original_id ? pair("Id of the package", model.original_id) : null,
      input ? pair("Expects", `${input.axes} (${sizes}), ${input.dtype}, channels ${input.channel_names.join(", ") || "not named"}${input.intensity_range ? `, intensities ${input.intensity_range.join(" to ")}` : ""}; other sizes: ${input.fit}`) : null,
      pair("Answers", `${model.score_kind || "scores of an unknown kind"} of ${model.classes} classes${model.score_kind_source ? ` (${model.score_kind_source})` : ""}`),
      pair("Licence", model.license || "not stated"),
      pair("Authors", model.authors.map((one) => one.name + (one.affiliation ? ` (${one.affiliation})` : "")).join(", ") || "not stated"),
      model.tags.length ? pair("Tags", model.tags.join(", ")) : null,
    ),
    h("h3", {}, "How to cite"),
    citations.length ? h("ul", {}, citations.map((one) => h("li", {}, one))) : h("p", {}, "The package states nothing."),
    citations.length ? h("p", { class: "buttons" }, h("button", { onclick: () => copy(citations.join("\n"), "Citation") }, "Copy the citation")) : null,
    h("h3", {}, "Weights"),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Weights" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ["framework", "format", "size", "trust", "state", "action"].map((one) => h("th", { scope: "col" }, one)))),
        h("tbody", {}, model.weights.map((weights) => weightsRow(model, weights, page, again))),
      ),
    ),
    page.session.role === "manager" ? null : h("p", { class: "quiet" }, "To load and unload models, log in with the managing token."),
    h("h3", {}, `Classes (${model.classes})`),
    h("p", { class: "labels" }, model.labels.slice(0, 2000).map((label, index) => h("span", { class: "label" }, h("i", { style: { background: model.label_colors[index] } }), label))),
    model.documentation ? [h("h3", {}, "What its authors write"), h("pre", { class: "text", tabindex: "0" }, model.documentation)] : null,
  ];
}

function pair(word, text) {
  return [h("dt", {}, word), h("dd", {}, text)];
}

function weightsRow(model, weights, page, again) {
  const loaded = model.loaded.find((one) => one.framework === weights.framework && one.weights_format === weights.format);
  // A framework loads the first of its weights that are ready.
  const first = model.weights.find((one) => one.framework === weights.framework && !one.problem) === weights;
  const act = (what, done) =>
    h(
      "button",
      {
        class: "small",
        onclick: async (event) => {
          event.target.disabled = true;
          try {
            await post(`api/models/${encodeURIComponent(model.reference)}/${what}`, { framework: weights.framework });
            note(`${model.reference} is ${done}`);
            await again();
          } catch (error) {
            event.target.disabled = false;
            complain(error);
          }
        },
      },
      what === "load" ? "Load" : "Unload",
    );
  const state = weights.problem
    ? `${weights.problem}${weights.remedy ? ` (${weights.remedy})` : ""}`
    : loaded
      ? `loaded in ${milliseconds(loaded.load_seconds)}, ${bytes(loaded.memory_bytes)}, ${loaded.items} items`
      : "ready";
  return h(
    "tr",
    {},
    h("td", {}, weights.framework),
    h("td", {}, weights.format),
    h("td", {}, bytes(weights.size_bytes)),
    h("td", {}, weights.trust_class),
    h("td", {}, state),
    h("td", {}, weights.problem || page.session.role !== "manager" ? null : loaded ? act("unload", "unloaded") : first ? act("load", "loaded") : null),
  );
}
