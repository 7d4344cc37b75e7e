// What the models say: bars side by side, agreement, and a table that is linked to the picture.

import { get } from "./api.js";
import { fill, h, milliseconds, score } from "./dom.js";

const SHOWN = 5;

/** Key of an item: the region, and the plane that it lies in. */
export const keyOf = (result) => `${result.region}|${result.plane}`;

/** A model's answer for an item; one that takes whole stacks has the same for each plane. */
const resultOf = (answer, key) => answer?.results.get(key) ?? answer?.results.get(key.slice(0, key.lastIndexOf("|") + 1));

/** Show each model's answer for an item. `before` holds scores from before parts were painted away. */
export function bars(box, models, answers, key, before) {
  fill(box, agreement(models, answers, key), models.map((model, number) => one(model, answers[number], key, before?.[number])));
}

function agreement(models, answers, key) {
  const said = answers.map((answer) => resultOf(answer, key)?.top?.[0]?.label).filter((label) => label !== undefined);
  if (said.length < 2) return null;
  const counts = new Map();
  for (const label of said) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [best, count] = [...counts].sort((a, b) => b[1] - a[1])[0];
  const all = count === said.length;
  return h("p", { class: `agree${all ? "" : " split"}`, data: { agree: all ? "all" : "split" } }, all ? `All ${count} agree: ${best}` : `${count} of ${said.length} say ${best}`);
}

function one(model, answer, key, before) {
  const result = resultOf(answer, key);
  const title = `${model.model}${model.framework ? ` · ${model.framework}` : ""}`;
  const body = h("section", { class: "answer", data: { answer: title } }, h("h3", {}, title));
  if (answer?.error) body.append(h("p", { class: "bad" }, answer.error.message));
  else if (result?.error) body.append(h("p", { class: "bad" }, result.error.message));
  else if (!result) body.append(h("p", { class: "quiet" }, answer?.done ? "no answer for this place" : "…"));
  else {
    body.append(chart(result, answer, resultOf(before, key)));
    const { identity } = answer;
    const times = result.timing;
    const network = times.inference ? `, network ${milliseconds(times.inference)}` : "";
    body.append(
      h("p", { class: "quiet" }, `${answer.seconds ? `answered in ${milliseconds(answer.seconds)}${network}; ` : ""}${identity.framework} ${identity.framework_version} on ${identity.device}`),
    );
    const { prediction_set: set, novelty } = result;
    if (set) body.append(h("p", { class: "quiet" }, `With a probability of ${set.coverage} one of: ${set.labels.join(", ") || "no class"}`));
    if (novelty) body.append(h("p", { class: novelty.exceeded ? "bad" : "quiet" }, novelty.exceeded ? `The model has seen nothing like this (novelty ${score(novelty.value)}, usually below ${score(novelty.threshold)}).` : `Novelty ${score(novelty.value)}, usually below ${score(novelty.threshold)}.`));
    for (const done of result.conversions) if (done.notice) body.append(h("p", { class: "bad" }, done.notice));
    if (result.conversions.length) {
      body.append(h("ul", { class: "conversions", "aria-label": "What was done to the picture first" }, result.conversions.map((done) => h("li", {}, `${done.kind.replaceAll("_", " ")}${done.detail ? `: ${done.detail}` : ""}`))));
    }
  }
  return body;
}

function chart(result, answer, before) {
  const kind = answer.identity?.score_kind ?? "";
  const given = result.top.slice(0, SHOWN);
  const most = kind.includes("probability") ? 1 : Math.max(...given.map((top) => Math.abs(top.score ?? 0)), 1e-9);
  const rows = h("div", { class: "bars" });
  for (const top of given) {
    const share = top.score === null ? 0 : Math.max(0, top.score / most);
    const old = before?.top.find((other) => other.index === top.index)?.score;
    const change = old === undefined || old === null || top.score === null ? "" : ` (${top.score - old >= 0 ? "+" : "−"}${Math.abs(top.score - old).toFixed(3)})`;
    rows.append(
      h("span", {}, top.label, top.positive ? " ✓" : ""),
      h("div", { class: "track", "aria-hidden": "true" }, h("div", { style: { width: `${100 * Math.min(1, share)}%` } })),
      h("span", { class: "score" }, top.score === null ? "no score" : `${score(top.score)}${change}`),
    );
  }
  return rows;
}

/** A table of places by models; `chosen(region)` is called when a row is clicked. */
export class LinkedTable {
  constructor(box, chosen) {
    this.box = box;
    this.chosen = chosen;
    this.rows = new Map();
  }

  draw(models, answers, regions) {
    this.rows.clear();
    const keys = new Map();
    for (const answer of answers) for (const [key, result] of answer?.results ?? []) keys.set(key, result);
    if (keys.size < 2 && !regions.length) {
      fill(this.box);
      return;
    }
    const order = new Map(regions.map((one, place) => [one.id, place]));
    const fallen = new Set([...keys.values()].filter((one) => one.plane).map((one) => one.region));
    const list = [...keys].filter(([, one]) => one.plane || !fallen.has(one.region)).sort((a, b) => (order.get(a[1].region) ?? 0) - (order.get(b[1].region) ?? 0) || a[1].item - b[1].item);
    const planes = list.some(([, one]) => one.plane);
    const body = h("tbody");
    for (const [key, result] of list) body.append(this.row(key, result, answers, planes));
    fill(
      this.box,
      h("table", {}, h("thead", {}, h("tr", {}, ["place", ...(planes ? ["plane"] : []), ...models.map((one) => `${one.model} ${one.framework}`)].map((word) => h("th", { scope: "col" }, word)))), body),
    );
  }

  row(key, result, answers, planes) {
    const pick = () => this.chosen(result.region, key);
    const line = h(
      "tr",
      { onclick: pick, data: { key } },
      h("td", {}, h("button", { class: "link", onclick: (event) => (event.stopPropagation(), pick()) }, result.region || "whole picture")),
      planes ? h("td", {}, result.plane) : null,
      answers.map((answer) => {
        const found = resultOf(answer, key);
        if (!found) return answer?.error ? h("td", { class: "bad" }, answer.error.message) : h("td", { class: "quiet" }, "…");
        if (found.error) return h("td", { class: "bad" }, found.error.message);
        const [top] = found.top;
        return h("td", {}, top ? `${top.label} ${score(top.score)}` : "none");
      }),
    );
    this.rows.set(key, line);
    return line;
  }

  select(region, scroll = true) {
    for (const [key, line] of this.rows) {
      const mine = region !== null && key.startsWith(`${region}|`);
      line.setAttribute("aria-selected", String(mine));
      if (mine && scroll) line.scrollIntoView({ block: "nearest" });
    }
  }
}

/** Look up the colours of models' classes, and keep them in a map from model to label to colour. */
export async function lookUpColors(models, colors) {
  for (const { model } of models) {
    if (colors.has(model)) continue;
    const found = await get(`api/models/${encodeURIComponent(model)}`);
    colors.set(model, new Map(found.labels.map((label, index) => [label, found.label_colors[index]])));
  }
}
