// Making elements. Texts are set as texts, never as markup.

/** Make an element: attributes, `on…` listeners, `data`, and children (texts or nodes). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "style") Object.assign(element.style, value);
    else if (name === "class") element.className = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(4).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** Replace what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(4).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** Make an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Say something for a few seconds, to screen readers too. */
export function note(text, kind = "good") {
  const line = h("p", { class: kind }, text);
  document.getElementById("notes").append(line);
  setTimeout(() => line.remove(), kind === "bad" ? 12000 : 4000);
}

/** Say what went wrong. */
export function complain(error) {
  if (error.name === "AbortError") return;
  note(error.message || String(error), "bad");
}

/** A model's name that may break after its signs, and not within a word. */
export function breakable(name) {
  return name.split(/(?<=[@:_/-])/).flatMap((part) => [part, h("wbr")]);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without TLS on another machine, or without permission.
    const box = h("textarea", { value: text, "aria-label": "text to copy" });
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  note(`${what} copied`);
}

export function bytes(number) {
  if (!number) return "0 B";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(number) / 10));
  return `${(number / 1024 ** power).toPrecision(3)} ${units[power]}`;
}

export function milliseconds(seconds) {
  const value = seconds * 1000;
  return value < 10 ? `${value.toFixed(1)} ms` : value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`;
}

export function score(value) {
  if (value === null || value === undefined) return "";
  return Math.abs(value) < 1000 ? value.toFixed(3) : value.toPrecision(4);
}

/** Call a function once things have been quiet for a while. */
export function later(wait, action) {
  let timer;
  return (...words) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...words), wait);
  };
}

/** A labelled input that is shown on one line. */
export function labelled(text, input) {
  return h("label", { class: "field" }, h("span", {}, text), input);
}

export function select(choices, value, onchange) {
  const box = h("select", { onchange: () => onchange(box.value) });
  for (const [word, shown] of choices) box.append(h("option", { value: word, selected: word === value }, shown));
  return box;
}
