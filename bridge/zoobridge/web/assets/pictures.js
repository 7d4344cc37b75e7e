// Pictures that a visitor brings: dropped, pasted, chosen, or the page's examples.

import { get, post, upload } from "./api.js";
import { complain, fill, h, note } from "./dom.js";

const ENDINGS = /\.(png|jpe?g|tiff?|bmp|gif|webp)$/i;

/** Return the files of a drop, those of dropped folders included, each with its folder's name. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, label: "" }));
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

async function walk(entry, label, found) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    found.push({ file, label });
    return;
  }
  const reader = entry.createReader();
  while (true) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) break;
    for (const one of some) await walk(one, entry.name, found);
  }
}

/** Return files that were chosen, with the folder that they lie in. */
export function picked(files) {
  return [...files].map((file) => ({ file, label: file.webkitRelativePath.split("/").at(-2) ?? "" }));
}

/** Send files, some side by side; `progress(done, total)`. */
export async function sendAll(files, { progress, signal } = {}) {
  const taken = files.filter(({ file }) => ENDINGS.test(file.name) || file.type.startsWith("image/"));
  if (taken.length < files.length) note(`${files.length - taken.length} files are not PNG, JPEG, TIFF, BMP, GIF or WebP and were left out`, "bad");
  const sent = [];
  let next = 0;
  async function some() {
    while (next < taken.length) {
      const place = next++;
      const { file, label } = taken[place];
      try {
        sent[place] = await upload(file, file.name, label, { signal });
      } catch (error) {
        if (error.name === "AbortError") return;
        complain(new Error(`${file.name}: ${error.message}`));
      }
      progress?.(sent.filter(Boolean).length, taken.length);
    }
  }
  await Promise.all([some(), some(), some()]);
  return sent.filter(Boolean);
}

/** Make a place to drop pictures at; `added(pictures)` is called with what was sent. */
export function dropPlace(page, added, { folder = false } = {}) {
  const state = h("p", { class: "quiet", role: "status" });
  const files = h("input", { type: "file", multiple: true, accept: "image/*,.tif,.tiff,.bmp,.gif,.webp", hidden: true });
  const folders = h("input", { type: "file", hidden: true });
  folders.webkitdirectory = true;
  async function take(list) {
    const sent = await sendAll(list, { progress: (done, total) => fill(state, `${done} of ${total} sent`) });
    fill(state, "");
    if (sent.length) added(sent);
  }
  for (const input of [files, folders]) {
    input.addEventListener("change", async () => {
      await take(picked(input.files));
      input.value = "";
    });
  }
  const box = h(
    "div",
    {
      class: "drop",
      ondragover: (event) => {
        event.preventDefault();
        box.classList.add("over");
      },
      ondragleave: () => box.classList.remove("over"),
      ondrop: async (event) => {
        event.preventDefault();
        box.classList.remove("over");
        take(await dropped(event.dataTransfer)).catch(complain);
      },
    },
    h("p", {}, folder ? "Drop one folder for each class here" : "Drop or paste pictures here"),
    h(
      "p",
      { class: "buttons" },
      folder ? h("button", { onclick: () => folders.click() }, "Choose a folder…") : h("button", { onclick: () => files.click() }, "Choose…"),
      page.session.examples ? h("button", { class: "plain", onclick: () => examples(added, folder).catch(complain) }, "Examples…") : null,
    ),
    state,
    files,
    folders,
  );
  box.take = take;
  return box;
}

/** Let the visitor take examples. */
async function examples(added, all) {
  const { names } = await get("api/examples");
  const folders = new Map();
  for (const name of names) {
    const folder = name.split("/").slice(0, all ? 1 : -1).join("/") || ".";
    if (!folders.has(folder)) folders.set(folder, []);
    folders.get(folder).push(name);
  }
  const take = async (chosen) => {
    dialog.close();
    added((await post("api/examples", { names: chosen })).pictures);
  };
  const dialog = h(
    "dialog",
    { "aria-labelledby": "examples-title", onclose: () => dialog.remove() },
    h("h2", { id: "examples-title" }, "Examples"),
    h("ul", {}, [...folders].map(([folder, ones]) => h("li", {}, h("button", { class: "link", onclick: () => take(ones).catch(complain) }, `${folder} (${ones.length})`)))),
    h("p", { class: "buttons" }, h("button", { class: "plain", onclick: () => dialog.close() }, "Cancel")),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Return the pictures that the visitor left, as they were known, and the mistakes of comparisons that were opened. */
export async function openable(known, id, name) {
  const left = (await get("api/pictures")).pictures.map((one) => known.find((old) => old.id === one.id) ?? one);
  const mistakes = known.filter((one) => one.mistake);
  if (id && ![...left, ...mistakes].some((one) => one.id === id)) mistakes.push({ id, name: name ?? "picture", mistake: true });
  return [...left, ...mistakes];
}

/** A small view of a picture. */
export function thumbnail(picture) {
  const image = h("img", { alt: "", loading: "lazy" });
  get(`api/pictures/${picture.id}`)
    .then((facts) => {
      picture.facts = facts;
      image.src = viewAddress(picture, { longest: 128 });
    })
    .catch(() => image.replaceWith(h("span", {}, "no view")));
  return image;
}

/** The address of a view of a picture. */
export function viewAddress(picture, { plane = {}, channel = -1, low, high, box = null, longest = 2048 } = {}) {
  const { facts } = picture;
  const words = new URLSearchParams({
    plane: Object.entries(plane).map(([axis, index]) => `${axis}=${index}`).join(","),
    channel,
    low: low ?? facts.low,
    high: high ?? facts.high,
    longest,
  });
  if (picture.series !== undefined) words.set("series", picture.series);
  if (box) words.set("box", box.map(Math.round).join(","));
  return `api/pictures/${picture.id}/view?${words}`;
}
