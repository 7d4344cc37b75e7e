// The frame: views, who the visitor is, and whether the server answers.

import { get, onReachable, post } from "./api.js";
import { complain, fill, h, labelled, note } from "./dom.js";

const VIEWS = {
  zoo: "Zoo",
  playground: "Playground",
  compare: "Compare",
  judge: "Judge",
  server: "Server",
};

/** What the views share. */
export const page = { session: null };

let leave = null;
let trying = null;

async function show() {
  const [name, ...words] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const view = name in VIEWS ? name : "zoo";
  for (const link of document.querySelectorAll("#views a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${VIEWS[view]} · ZooBridge`;
  leave?.();
  leave = null;
  const main = document.getElementById("main");
  const module = await import(`./${view}.js`);
  const frame = h("div", { class: `view ${view}` });
  fill(main, frame);
  try {
    leave = (await module.show(frame, words, page)) ?? null;
  } catch (error) {
    fill(frame, h("p", { class: "bad" }, error.message));
  }
  frame.dataset.ready = "";
}

async function enter() {
  const key = /^#key=([\w-]+)$/.exec(location.hash);
  if (key) {
    history.replaceState(null, "", location.pathname);
    await post("api/login", { token: key[1] }).catch(complain);
  }
  page.session = await get("api/session");
  who();
  if (page.session.login) login();
  else await show();
  reached(page.session.problem);
}

function who() {
  const { session } = page;
  fill(
    document.getElementById("who"),
    session.server ? h("span", { class: "quiet server-name" }, session.server.address) : null,
    session.role === "manager"
      ? h("span", { class: "chip" }, "managing")
      : h("button", { class: "small", onclick: login }, "Log in"),
  );
}

function login() {
  const input = h("input", { type: "password", autocomplete: "off", required: true });
  const problem = h("p", { class: "bad", role: "alert" });
  const dialog = h(
    "dialog",
    { "aria-labelledby": "login-title", onclose: () => dialog.remove() },
    h(
      "form",
      {
        onsubmit: async (event) => {
          event.preventDefault();
          try {
            page.session = await post("api/login", { token: input.value });
            dialog.close();
            who();
            await show();
          } catch (error) {
            fill(problem, error.message);
          }
        },
      },
      h("h2", { id: "login-title" }, "Log in"),
      h("p", {}, "The managing token lets you load and unload models; on a lab's page, the login token lets you in."),
      labelled("Token", input),
      problem,
      h(
        "p",
        { class: "buttons" },
        h("button", {}, "Log in"),
        page.session.login ? null : h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Cancel"),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Tell what does not answer, and look for it until it does. */
function reached(problem) {
  fill(document.getElementById("banner"), problem ? h("p", {}, `No answer from the server: ${problem}`) : null);
  clearTimeout(trying);
  if (!problem) return;
  trying = setTimeout(async () => {
    try {
      const session = await get("api/session");
      if (session.problem) return reached(session.problem);
      page.session = session;
      who();
      reached("");
      note("The server answers again.");
      window.dispatchEvent(new Event("server-back"));
      if (!document.querySelector("[data-keeps]")) await show();
    } catch (error) {
      reached(error.message);
    }
  }, 1500);
}

fill(
  document.getElementById("views"),
  Object.entries(VIEWS).map(([name, shown]) => h("a", { href: `#${name}`, data: { view: name } }, shown)),
);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
window.addEventListener("hashchange", () => show().catch(complain));
window.addEventListener("session-lost", () => enter().catch(complain), { once: true });
onReachable(reached);
// A file that misses its place must not replace the page.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
enter().catch((error) => fill(document.getElementById("main"), h("p", { class: "bad" }, error.message)));
