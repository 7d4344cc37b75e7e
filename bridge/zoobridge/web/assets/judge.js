// Judging blindly: two sides in random order, and what the judges' choices say.

import { get, post } from "./api.js";
import { complain, copy, fill, h, labelled, note, score, select } from "./dom.js";
import { dropPlace } from "./pictures.js";

const KEYS = { ArrowLeft: "left", 1: "left", ArrowRight: "right", 2: "right", ArrowDown: "equal", "=": "equal", 0: "equal" };

const mine = () => JSON.parse(localStorage.getItem("studies") ?? "[]");

export async function show(frame, [id, part], page) {
  if (!id) return creation(frame, page);
  if (part === "verdict") return verdict(frame, id);
  return judging(frame, id);
}

async function creation(frame, page) {
  const { models } = await get("api/models");
  const names = models.filter((one) => !one.problem).flatMap((one) => one.frameworks.map((framework) => `${one.reference}:${framework}`));
  const given = { kind: "models", models: [names[0], names[1] ?? names[0]], sets: [[], []], names: ["first set", "second set"], pictures: (await get("api/pictures")).pictures };
  const title = h("input", { value: "Which answer is right?", size: "30", maxlength: "60" });
  const parts = h("div");

  function draw() {
    if (given.kind === "models") {
      fill(
        parts,
        h("div", { class: "bar" }, [0, 1].map((side) => labelled(side ? "and" : "Answers of", select(names.map((one) => [one, one]), given.models[side], (value) => (given.models[side] = value))))),
        dropPlace(page, (added) => {
          given.pictures.push(...added);
          draw();
        }),
        h("p", { class: "quiet", role: "status" }, `${given.pictures.length} pictures`),
      );
      return;
    }
    fill(parts, h("div", { class: "pair" }, [0, 1].map((side) => {
      const name = h("input", { value: given.names[side], "aria-label": `Name of set ${side + 1}`, oninput: () => (given.names[side] = name.value) });
      return h("div", {}, name, dropPlace(page, (added) => {
        given.sets[side].push(...added.map((one) => one.id));
        draw();
      }), h("p", { class: "quiet", role: "status" }, `${given.sets[side].length} pictures`));
    })), h("p", { class: "quiet" }, "Pictures of the same file name are shown together."));
  }

  async function create() {
    const body = given.kind === "models" ? { models: given.models, pictures: given.pictures.map((one) => one.id) } : { sets: given.sets, names: given.names };
    const made = await post("api/studies", { title: title.value, ...body });
    localStorage.setItem("studies", JSON.stringify([{ ...made, title: title.value }, ...mine()].slice(0, 50)));
    note("The study is ready.");
    location.hash = `#judge/${made.id}`;
  }

  fill(
    frame,
    h("div", { data: { keeps: "" } },
      h("h2", {}, "Judge"),
      h("p", {}, "Two models' answers, or two sets of annotated pictures, are shown without their names, in random order and on random sides. Several people may judge, each in their own time."),
      h("div", { class: "bar" }, labelled("Question", title), labelled("Compare", select([["models", "two models' answers"], ["sets", "two sets of pictures"]], given.kind, (value) => {
        given.kind = value;
        draw();
      }))),
      parts,
      h("p", { class: "buttons" }, h("button", { onclick: () => create().catch(complain) }, "Make the study")),
      mine().length ? [h("h3", {}, "Your studies"), h("ul", {}, mine().map((one) => h("li", {}, h("a", { href: `#judge/${one.id}` }, one.title), " ", h("a", { href: `#judge/${one.id}/verdict` }, "verdict"))))] : null,
    ),
  );
  draw();
}

async function judging(frame, id) {
  const name = h("input", { value: localStorage.getItem("judge") ?? "", required: true, maxlength: "60", autocomplete: "name" });
  const box = h("div", { data: { keeps: "" } });
  fill(frame, box);
  let state = null;
  let number = 0;
  let busy = false;
  const words = () => `judge=${encodeURIComponent(name.value.trim())}`;

  async function begin(event) {
    event?.preventDefault();
    localStorage.setItem("judge", name.value.trim());
    state = await get(`api/studies/${id}?${words()}`);
    number = state.next ?? 0;
    await draw();
  }

  async function draw() {
    if (state.next === null && number >= state.total) return done();
    const item = await get(`api/studies/${id}/items/${number}?${words()}`);
    const picture = (side) => h("img", { alt: `Item ${number + 1}, ${side}`, src: `api/studies/${id}/items/${number}/${side}?${words()}` });
    const answers = (side) => (item[side].length ? h("ul", {}, item[side].map(([label, value]) => h("li", {}, value === null ? label : `${label} (${score(value)})`))) : null);
    const button = (choice, shown, keys) => h("button", { "aria-pressed": String(item.chosen === choice), onclick: () => vote(choice).catch(complain) }, `${shown} (${keys})`);
    fill(
      box,
      h("h2", {}, state.title),
      h("p", { class: "quiet", role: "status" }, `Item ${number + 1} of ${state.total}; ${state.done} judged`),
      h("progress", { max: String(state.total), value: String(state.done), "aria-label": "Judged" }),
      item.same_picture ? h("div", { class: "alone" }, picture("left")) : null,
      h("div", { class: "pair" }, ["left", "right"].map((side) => h("div", { data: { side } }, h("h3", {}, side), item.same_picture ? null : picture(side), answers(side)))),
      h("p", { class: "buttons" }, button("left", "Left", "←"), button("equal", "Equal", "↓"), button("right", "Right", "→"), number ? h("button", { class: "plain", onclick: () => back() }, "Back (Backspace)") : null),
    );
  }

  function back() {
    number = Math.max(0, number - 1);
    draw().catch(complain);
  }

  async function vote(choice) {
    if (busy) return;
    busy = true;
    try {
      state = await post(`api/studies/${id}/votes?${words()}`, { number, choice });
      number = number + 1 < state.total && state.next !== null && number + 1 <= state.next ? number + 1 : (state.next ?? state.total);
      await draw();
    } finally {
      busy = false;
    }
  }

  function done() {
    const own = mine().some((one) => one.id === id);
    fill(box, h("h2", {}, state.title), h("p", { class: "good" }, `All ${state.total} items are judged. Thank you.`), h("p", { class: "buttons" }, h("button", { class: "plain", onclick: () => back() }, "Back"), own ? h("a", { class: "button", href: `#judge/${id}/verdict` }, "See the verdict") : null));
  }

  const key = (event) => {
    if (!state || event.target.closest?.("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Backspace") back();
    else if (event.key in KEYS && number < state.total) vote(KEYS[event.key]).catch(complain);
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", key);
  fill(
    box,
    h("h2", {}, "Judge"),
    h("form", { onsubmit: (event) => begin(event).catch(complain) }, labelled("Your name", name), " ", h("button", {}, "Begin")),
    mine().some((one) => one.id === id) ? h("p", { class: "buttons" }, h("button", { class: "plain", onclick: () => copy(`${location.origin}${location.pathname}#judge/${id}`, "Address for judges") }, "Copy the address for judges"), h("a", { class: "button plain", href: `#judge/${id}/verdict` }, "Verdict")) : null,
    h("p", { class: "quiet" }, "Enter the same name later to continue."),
  );
  return () => document.removeEventListener("keydown", key);
}

async function verdict(frame, id) {
  const owner = mine().find((one) => one.id === id)?.owner ?? "";
  const words = `owner=${encodeURIComponent(owner)}`;
  const found = await get(`api/studies/${id}/verdict?${words}`);
  const decided = found.for_a + found.for_b;
  const percent = (value) => `${(100 * value).toFixed(1)} %`;
  const kappa = (value) => (value === null ? "not defined (one choice only)" : value.toFixed(3));
  fill(
    frame,
    h("h2", {}, "Verdict"),
    h("p", {}, h("strong", {}, found.a), " against ", h("strong", {}, found.b), `: ${found.judged} of ${found.items} items judged.`),
    h("table", { class: "verdict" }, h("tbody", {},
      h("tr", {}, h("th", { scope: "row" }, `${found.a} is better`), h("td", {}, String(found.for_a))),
      h("tr", {}, h("th", { scope: "row" }, `${found.b} is better`), h("td", {}, String(found.for_b))),
      h("tr", {}, h("th", { scope: "row" }, "equal"), h("td", {}, String(found.equal))))),
    decided
      ? h("p", { class: "conclusion" }, `${found.a} is preferred in ${percent(found.share_a)} of the ${decided} items where one is (95 % interval ${percent(found.low)} to ${percent(found.high)}, Clopper and Pearson; p = ${found.p_value.toPrecision(2)}, exact binomial test). ${found.p_value < 0.05 ? `The judges prefer ${found.for_a > found.for_b ? found.a : found.b}.` : "They cannot be told apart on these items."}`)
      : h("p", { class: "conclusion" }, "No item has been decided for one side yet."),
    h("p", { class: "quiet" }, "An item counts once, as most of its judges chose; a tie counts as equal."),
    h("h3", {}, "Judges"),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Judges" }, h("table", {}, h("thead", {}, h("tr", {}, ["judge", "items", found.a, found.b, "equal"].map((word) => h("th", { scope: "col" }, word)))), h("tbody", {}, found.judges.map((one) => h("tr", {}, [one.judge, one.votes, one.a, one.b, one.equal].map((cell) => h("td", {}, String(cell)))))))),
    found.cohen.length ? [h("h3", {}, "Agreement"), h("ul", {}, found.cohen.map((one) => h("li", {}, `${one.first} and ${one.second}: Cohen's kappa ${kappa(one.kappa)} on ${one.items} items`)), found.fleiss ? h("li", {}, `All ${found.fleiss.judges}: Fleiss' kappa ${kappa(found.fleiss.kappa)} on ${found.fleiss.items} items`) : null)] : null,
    h("p", { class: "buttons" }, h("a", { class: "button plain", href: `api/studies/${id}/votes.csv?${words}`, download: "votes.csv" }, "votes.csv"), h("a", { class: "button plain", href: `#judge/${id}` }, "Judge")),
  );
}
